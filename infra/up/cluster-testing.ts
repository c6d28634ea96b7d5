// An API server that has what a test says, as far as a stack looks at a cluster that it shares.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { stringify } from 'yaml';

const NOTHING = { items: [] };

export class FakeCluster {
  /** Objects and lists by path; 403 for those that are not shown. A list of Deployments is empty where nothing is said. */
  readonly there = new Map<string, object | 403>();
  readonly #api = http.createServer(({ url = '' }, response) => {
    const found = this.there.get(decodeURIComponent(url)) ?? (url.includes('/deployments?') ? NOTHING : undefined);
    response.statusCode = found === 403 ? 403 : found === undefined ? 404 : 200;
    response.end(JSON.stringify(found ?? {}));
  });

  /** Resolves with its kubeconfig, whose one context is `here`. */
  async start(): Promise<string> {
    await once(this.#api.listen(0, '127.0.0.1'), 'listening');
    const server = `http://127.0.0.1:${(this.#api.address() as AddressInfo).port}`;
    const named = (name: string, what: object) => [{ name, ...what }];
    return stringify({
      clusters: named('c', { cluster: { server } }),
      users: named('u', { user: { token: 't' } }),
      contexts: named('here', { context: { cluster: 'c', user: 'u' } }),
    });
  }

  async stop(): Promise<void> {
    if (!this.#api.listening) return;
    this.#api.closeAllConnections();
    await new Promise((resolve) => this.#api.close(resolve));
  }
}
