import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import type { BrowserContext, Page } from 'playwright-core';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { AUDIENCE, IdentityProvider, ISSUER } from '../services/server/testing/identity-provider.ts';
import { openBrowser } from './kit/chromium.ts';

/** A page of another site, bundled with the SDK. */
const PAGE = `
import { createClient } from './services/client/browser.ts';
const { url, jwt } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const show = (text) => (document.title = text);
const client = createClient({ url, ...(jwt ? { token: () => jwt } : {}) });
client.on('state', ({ state, message }) => state === 'closed' && show('closed: ' + message));
client.on('error', (error) => console.log(error.message));
client.connect().then(async () => {
  await client.subscribe('lobby');
  client.on('message', ({ data, player }) => show([client.health.transport, player.id, data.text].join(' ')));
  await client.publish('lobby', { text: 'hello from ' + client.player.id });
});
`;

let provider: IdentityProvider;
let cluster: Cluster;
let browser: BrowserContext;
/** Servers of pages: one with an allowed origin, and one with an unknown origin. */
const sites: Server[] = [];
let [friend, stranger] = ['', ''];

async function serve(script: string): Promise<string> {
  const site = createServer(({ url }, response) => {
    const [type, body] =
      url === '/page.js'
        ? ['text/javascript', script]
        : ['text/html', '<!doctype html><script src="/page.js"></script>'];
    response.writeHead(200, { 'content-type': type }).end(body);
  });
  sites.push(site);
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  // A different site from localhost, where the cluster is, so that the cluster's cookies are third-party here.
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
}

before(async () => {
  const root = path.resolve(import.meta.dirname, '..');
  const { outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: root, loader: 'ts' },
    bundle: true,
    format: 'iife',
    write: false,
    logLevel: 'silent',
  });
  const script = outputFiles[0]!.text;
  [friend, stranger] = (await Promise.all([serve(script), serve(script)])) as [string, string];
  provider = await IdentityProvider.start();
  cluster = await startCluster({
    replicas: 2,
    allowedOrigins: [friend],
    jwtIssuer: ISSUER,
    jwtAudience: AUDIENCE,
    jwtJwksUrl: provider.url.href,
  });
  browser = await openBrowser({ rootCertificate: path.join(cluster.stateDir, 'pki', 'root.pem') });
});

after(async () => {
  await browser?.close();
  await cluster?.stop();
  await provider?.stop();
  for (const site of sites) site.close();
});

/** A page in a browser. With `blocked`, no WebSocket opens in it. */
async function visit(origin: string, { isBlocked = false, jwt = '' } = {}): Promise<Page> {
  const page = await browser.newPage();
  if (isBlocked) {
    await page.addInitScript(() => {
      Object.assign(globalThis, {
        WebSocket: class {
          constructor() {
            setTimeout(() => (this as { onclose?: (event: object) => void }).onclose?.({ code: 1006, reason: '' }), 10);
          }
          close() {}
        },
      });
    });
  }
  await page.goto(`${origin}/#${new URLSearchParams({ url: cluster.url, jwt })}`);
  return page;
}

const titled = (page: Page, pattern: string) =>
  page.waitForFunction(
    (wanted) => new RegExp(wanted).test((globalThis as unknown as { document: { title: string } }).document.title),
    pattern,
    { timeout: 30_000 },
  );

test('a page of an allowed origin plays as a guest over WebSocket', async () => {
  const page = await visit(friend);
  await titled(page, '^websocket ([\\w-]{12}) hello from \\1$');
  assert.deepEqual(await page.context().cookies(cluster.url), [], 'it needs no cookie');
  await page.close();
});

test('without WebSocket it plays over server-sent events', async () => {
  const page = await visit(friend, { isBlocked: true });
  await titled(page, '^sse ([\\w-]{12}) hello from \\1$');
  await page.close();
});

test('it plays as the user whose JWT it has, over both', async () => {
  const jwt = await provider.token({ sub: 'ada' });
  for (const [isBlocked, transport] of [
    [false, 'websocket'],
    [true, 'sse'],
  ] as const) {
    const page = await visit(friend, { isBlocked, jwt });
    await titled(page, `^${transport} ada hello from ada$`);
    await page.close();
  }
});

test('a page of an origin that is not allowed gets 403, and reads and opens nothing', async () => {
  const page = await browser.newPage();
  const said = page.waitForEvent('console', (message) =>
    message.text().includes('The request about the session failed'),
  );
  await page.goto(`${stranger}/#${new URLSearchParams({ url: cluster.url })}`);
  await said;
  const opened = await page.evaluate(
    (url) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(url, ['gridlock.v1']);
        socket.onopen = () => resolve('open');
        socket.onclose = ({ code }) => resolve(`closed with ${code}`);
      }),
    `${cluster.url.replace('https', 'wss')}/ws`,
  );
  assert.equal(opened, 'closed with 1006');
  // No script can see the answer that the browser got.
  const origin = { origin: stranger };
  const preflight = { ...origin, 'access-control-request-method': 'POST' };
  assert.equal(await statusOf('OPTIONS', preflight), 403);
  assert.equal(await statusOf('POST', { ...origin, 'content-type': 'application/json' }, '{}'), 403);
  await page.close();
});

/** The status that a request for a session gets through the edge. */
function statusOf(method: string, headers: Record<string, string>, body?: string): Promise<number> {
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  const options: RequestOptions = { method, ca: cluster.rootPem, headers: { ...headers, ...length } };
  return new Promise((resolve, reject) => {
    request(`${cluster.url}/api/session`, options, (response) => resolve(response.resume().statusCode!))
      .on('error', reject)
      .end(body);
  });
}
