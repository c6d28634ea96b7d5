import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { stringify } from 'yaml';
import { stackConfig } from '../config/config.ts';
import { ReplicasWatch } from './replicas-watch.ts';

/** An API server with one Deployment and its pods. */
class FakeDeployment {
  spec = { replicas: 3 };
  status: { availableReplicas?: number } = { availableReplicas: 3 };
  /** When the container of each pod started, and how the last one of it ended. */
  pods: { startedAt: Date; exitCode?: number }[] = [];
  /** The requests so far. */
  readonly asked: string[] = [];
  readonly #api = http.createServer((request, response) => void this.#answer(request, response));

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { method, url = '' } = request;
    let body = '';
    for await (const part of request) body += part;
    this.asked.push(`${method} ${url.split('?')[0]} ${body}`.trim());
    if (url.endsWith('/deployments/gridlock/scale')) {
      const { spec } = JSON.parse(body) as { spec: { replicas: number } };
      Object.assign(this.spec, spec);
      this.status.availableReplicas = spec.replicas;
    } else if (url.includes('/pods?')) {
      response.end(JSON.stringify({ items: this.pods.map((pod, index) => podOf(`pod-${index}`, pod)) }));
      return;
    } else if (!url.endsWith('/deployments/gridlock')) response.statusCode = 404;
    response.end(JSON.stringify({ spec: this.spec, status: this.status }));
  }

  async start(): Promise<string> {
    await once(this.#api.listen(0, '127.0.0.1'), 'listening');
    const server = `http://127.0.0.1:${(this.#api.address() as AddressInfo).port}`;
    return stringify({ clusters: [{ name: 'c', cluster: { server } }], users: [{ name: 'u', user: { token: 't' } }] });
  }

  async stop(): Promise<void> {
    this.#api.closeAllConnections();
    await new Promise((resolve) => this.#api.close(resolve));
  }

  /** Resolves when it was asked once more. */
  async askedAgain(): Promise<void> {
    const before = this.asked.length;
    while (this.asked.length === before) await once(this.#api, 'request');
  }
}

const podOf = (name: string, { startedAt, exitCode }: FakeDeployment['pods'][number]) => ({
  metadata: { name },
  status: {
    phase: 'Running',
    containerStatuses: [
      {
        state: { running: { startedAt: startedAt.toISOString() } },
        lastState: exitCode === undefined ? {} : { terminated: { exitCode } },
      },
    ],
  },
});

const secondsAgo = (seconds: number): Date => new Date(Date.now() - 1000 * seconds);

let deployment: FakeDeployment;
let directory: string;
let kubeconfig: string;
beforeEach(async () => {
  deployment = new FakeDeployment();
  directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-replicas-watch-'));
  kubeconfig = path.join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, await deployment.start());
});
afterEach(async () => {
  await deployment.stop();
  rmSync(directory, { recursive: true, force: true });
});

function untilReady(values: Readonly<Record<string, string>> = {}, patienceMs = 60_000): Promise<void> {
  const named = Object.entries({ replicas: '3', ...values }).map(([key, value]) => [`gridlock:${key}`, value]);
  return new ReplicasWatch(stackConfig('dev', Object.fromEntries(named)), { kubeconfig }, { patienceMs }).untilReady();
}

test('it waits for replicas that an autoscaler has to add', async () => {
  let done = false;
  const waiting = untilReady({ replicas: '5' }).finally(() => (done = true));
  await deployment.askedAgain();
  await deployment.askedAgain();
  await deployment.askedAgain();
  assert.equal(done, false);
  deployment.spec.replicas = 5;
  deployment.status = { availableReplicas: 5 };
  await waiting;
  assert.ok(deployment.asked.every((line) => line.startsWith('GET')));
});

test('it leaves more replicas than the minimum to the autoscaler', async () => {
  deployment.spec.replicas = 7;
  deployment.status = { availableReplicas: 7 };
  await untilReady();
  assert.equal(deployment.spec.replicas, 7);
});

test('without an autoscaler it sets the configured number of replicas, whatever number a removed one left', async () => {
  deployment.spec.replicas = 7;
  deployment.status = { availableReplicas: 7 };
  await untilReady({ autoscaling: 'none' });
  assert.equal(deployment.spec.replicas, 3);
  assert.ok(
    deployment.asked.includes(
      'PATCH /apis/apps/v1/namespaces/gridlock/deployments/gridlock/scale {"spec":{"replicas":3}}',
    ),
  );
});

test("a replica of the user's own server counts once it has run for a while", async () => {
  deployment.pods = [{ startedAt: secondsAgo(600) }, { startedAt: secondsAgo(0) }];
  let done = false;
  const waiting = untilReady({ serverImage: 'r.example/chat:1' }).finally(() => (done = true));
  await deployment.askedAgain();
  await deployment.askedAgain();
  await deployment.askedAgain();
  assert.equal(done, false);
  deployment.pods = [{ startedAt: secondsAgo(600) }, { startedAt: secondsAgo(60) }];
  await waiting;
});

test('an error names the replicas that do not become ready, and their state', async () => {
  deployment.status = { availableReplicas: 1 };
  await assert.rejects(untilReady({}, 0), { message: /3 ready replicas: 1 is ready/, exitCode: 1 });
  deployment.status = { availableReplicas: 3 };
  deployment.pods = [{ startedAt: secondsAgo(5), exitCode: 3 }];
  await assert.rejects(
    untilReady({ serverImage: 'r.example/chat:1' }, 0),
    /pod-0 has run for \d s since it ended with exit code 3\. To see why: kubectl --kubeconfig \S+ -n gridlock get pods/,
  );
});

test('replicas that cannot be read do not make up fail', async (t) => {
  const written: string[] = [];
  t.mock.method(process.stderr, 'write', (text: string) => written.push(text) > 0);
  for (const text of ['', 'k']) {
    writeFileSync(kubeconfig, text);
    await untilReady();
  }
  rmSync(kubeconfig);
  await untilReady();
  t.mock.restoreAll();
  assert.match(
    written[0]!,
    /^Cannot read the replicas, so this does not wait for them: the kubeconfig names no cluster/,
  );
  assert.match(written[2]!, /kubeconfig is missing/);
});
