import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { DEFAULT_LIMITS } from '../limits.ts';
import { createLogger } from '../ops/log.ts';
import { Allowances } from '../session/allowances.ts';
import { ClientAddress } from '../session/client-address.ts';
import { Sessions } from '../session/sessions.ts';
import { createHttp } from './public-http.ts';

let directory: string;
let app: FastifyInstance;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gridlock-page-'));
  const webRoot = join(directory, 'public');
  await mkdir(webRoot);
  await writeFile(join(webRoot, 'index.html'), '<!doctype html><title>Gridlock</title>');
  await writeFile(join(webRoot, 'page-ABCD2345.js'), 'export {};');
  await writeFile(join(webRoot, 'page-ABCD2345.js.br'), brotliCompressSync('export {};'));
  await writeFile(join(webRoot, 'page-ABCD2345.js.gz'), gzipSync('export {};'));
  await writeFile(join(webRoot, 'site-manifest.json'), '{}');
  await writeFile(join(directory, 'secret'), 'secret');
  app = await createHttp({
    webRoot,
    sessions: new Sessions(new Uint8Array(32)),
    allowedOrigins: new Set(['https://game.test', 'https://localhost:8443']),
    allowances: new Allowances(DEFAULT_LIMITS),
    clientAddress: new ClientAddress(),
    fencing: { renew: async () => true, logOut: async () => undefined },
    log: createLogger('silent', '1111'),
  });
});
after(async () => {
  await app?.close();
  await rm(directory, { recursive: true, force: true });
});

test('the page is revalidated each time, and files named by their content are cached', async () => {
  const caching = async (url: string) => (await app.inject(url)).headers['cache-control'];
  assert.equal(await caching('/'), 'no-cache');
  assert.equal(await caching('/site-manifest.json'), 'no-cache');
  assert.equal(await caching('/page-ABCD2345.js'), 'public, max-age=31536000, immutable');
});

test('a client that accepts compression gets the compressed file, and all others get the plain one', async () => {
  const ask = async (url: string, encoding: string | undefined) => {
    const headers = encoding === undefined ? {} : { 'accept-encoding': encoding };
    return app.inject({ url, headers });
  };
  const read = { br: brotliDecompressSync, gzip: gunzipSync, none: (body: Buffer) => body };
  const expected = [
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['identity', 'none'],
    ['zstd', 'none'],
    [undefined, 'none'],
  ] as const;
  for (const [accepted, encoding] of expected) {
    const { headers, rawPayload, statusCode } = await ask('/page-ABCD2345.js', accepted);
    assert.equal(statusCode, 200);
    assert.equal(headers['content-encoding'] ?? 'none', encoding, accepted);
    assert.equal(read[encoding](rawPayload).toString(), 'export {};', accepted);
    assert.match(String(headers['content-type']), /^(text|application)\/javascript/, accepted);
    assert.match(String(headers.vary), /accept-encoding/i, accepted);
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable', accepted);
  }
  const { headers, body } = await ask('/site-manifest.json', 'br, gzip');
  assert.deepEqual([headers['content-encoding'], body], [undefined, '{}']);
});

test('the page may run its own scripts only and connect to its own origin only', async () => {
  for (const url of ['/', '/page-ABCD2345.js', '/nothing']) {
    const { headers } = await app.inject(url);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.match(policy, /connect-src 'self'(;|$)/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
  }
});

test('the public origin is told to a page that was opened by a name of this machine', async () => {
  const { statusCode, headers, body } = await app.inject('/api/address');
  assert.equal(statusCode, 200);
  assert.equal(headers['cache-control'], 'no-cache');
  assert.deepEqual(JSON.parse(body), { origin: 'https://game.test' });
});

test('an unknown path is answered with 404 as JSON', async () => {
  const response = await app.inject('/nothing');
  assert.equal(response.statusCode, 404);
  assert.equal(response.json<{ code: string }>().code, 'not_found');
});

test('no path leads out of the page directory', async () => {
  for (const url of ['/../secret', '/%2e%2e/secret', '/..%2fsecret', '/%2e%2e%2fsecret', '//etc/passwd']) {
    assert.ok((await app.inject(url)).statusCode >= 400, url);
  }
});
