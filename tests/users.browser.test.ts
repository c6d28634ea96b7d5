import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import type { BrowserContext, Page } from 'playwright-core';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { AUDIENCE, IdentityProvider, ISSUER } from '../services/server/testing/identity-provider.ts';
import { openBrowser } from './kit/chromium.ts';

/** A page with a sign-in, that the cluster itself serves. */
const PAGE = `
import { createClient } from './services/client/browser.ts';
const client = createClient({ token: () => location.hash.slice(1) });
const { player } = await client.connect();
await client.subscribe('lobby');
client.on('message', ({ data }) => (document.title = player.id + ' ' + data.text));
await client.publish('lobby', { text: 'hello' });
`;

let provider: IdentityProvider;
let cluster: Cluster;
let browser: BrowserContext;
let script: string;

before(async () => {
  const { outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: path.resolve(import.meta.dirname, '..'), loader: 'ts' },
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  script = outputFiles[0]!.text;
  provider = await IdentityProvider.start();
  const issuer = { jwtIssuer: ISSUER, jwtAudience: AUDIENCE, jwtJwksUrl: provider.url.href };
  cluster = await startCluster({ replicas: 1, guests: false, ...issuer });
  browser = await openBrowser({ rootCertificate: path.join(cluster.stateDir, 'pki', 'root.pem') });
});

after(async () => {
  await browser?.close();
  await cluster?.stop();
  await provider?.stop();
});

test('where guests are not allowed the page says so, and does not keep retrying', async () => {
  const page = await browser.newPage();
  const requests: string[] = [];
  page.on('request', (request) => request.url().endsWith('/api/session') && requests.push(request.method()));
  await page.goto(cluster.url);
  await page.getByText('Guests may not play here; sign in first.').waitFor();
  assert.deepEqual(requests, ['POST']);
  await page.close();
});

const titled = (page: Page, title: string) =>
  page.waitForFunction(
    (wanted) => (globalThis as unknown as { document: { title: string } }).document.title === wanted,
    title,
  );

test('a page of the cluster trades a JWT for a cookie, and plays as another user when that one signs in', async () => {
  const page = await browser.newPage();
  const answer = (body: string, contentType: string) => ({ status: 200, contentType, body });
  await page.route('**/own.html', (route) =>
    route.fulfill(answer('<script type="module" src="/own.js"></script>', 'text/html')),
  );
  await page.route('**/own.js', (route) => route.fulfill(answer(script, 'text/javascript')));
  for (const user of ['ada', 'ben']) {
    await page.goto(`${cluster.url}/own.html#${await provider.token({ sub: user })}`);
    // Only the fragment of the address differs, which loads no page.
    await page.reload();
    await titled(page, `${user} hello`);
    const session = (await browser.cookies()).filter(({ name }) => name.startsWith('__Host-gridlock-'));
    assert.equal(session.length, 1);
    assert.ok(session[0]!.httpOnly && session[0]!.secure && session[0]!.sameSite === 'Strict');
  }
  await page.close();
});
