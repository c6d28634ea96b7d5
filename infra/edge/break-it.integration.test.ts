import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { edgeSettings } from '../config/edge-settings.ts';
import { offersBreaking } from '../local/offers-breaking.ts';
import { renderEdge } from './render.ts';
import { defaults, type Edge, type RequestInit, startEdge } from './testing.ts';

/** An address of this machine that is not loopback. To the edge, a client on it comes from another machine. */
const elsewhere = Object.values(os.networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

let edge: Edge;
let supervisor: Server;
before(async () => {
  supervisor = createServer((request, response) => response.end(JSON.stringify({ supervisor: request.headers })));
  edge = await startEdge({}, (directory) => {
    supervisor.listen(path.join(directory, 'break.sock'));
    return { breakIt: { socket: 'break.sock', takesKey: true }, addresses: ['*'] };
  });
  if (!supervisor.listening) await once(supervisor, 'listening');
});
after(async () => {
  await edge?.close();
  supervisor?.close();
});

const ask = async (options: RequestInit) => {
  const { status, body } = await edge.https({ path: '/break/redis', method: 'POST', ...options });
  return { status, ...(JSON.parse(body) as { supervisor?: Record<string, string>; code?: string; name?: string }) };
};

test('from this machine a request reaches the supervisor, and the edge says that it is from here', async () => {
  const { supervisor: headers } = await ask({});
  assert.equal(headers?.['gridlock-break-from'], 'loopback');
  assert.equal(headers?.['x-forwarded-for'], '127.0.0.1');
});

test('a request through a proxy on this machine counts as from elsewhere', async () => {
  for (const name of ['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'Via', 'X-Forwarded-Host', 'X-Forwarded-Proto']) {
    const { status, code } = await ask({ headers: { [name]: '127.0.0.1' } });
    assert.deepEqual([status, code], [403, 'not_allowed'], name);
  }
});

test('from elsewhere only requests with a key get through, whatever their headers claim', async (t) => {
  if (elsewhere === undefined) return t.skip('this machine has no address but loopback');
  const from = { host: elsewhere };
  for (const part of ['replica', 'redis', 'edge', 'certificate', 'anything']) {
    const { status, code } = await ask({ ...from, path: `/break/${part}` });
    assert.deepEqual([status, code], [403, 'not_allowed'], part);
  }
  const forged = { 'Gridlock-Break-From': 'loopback', 'X-Forwarded-For': '127.0.0.1' };
  assert.equal((await ask({ ...from, headers: forged })).status, 403);
  const { supervisor: headers } = await ask({ ...from, headers: { ...forged, Authorization: 'Bearer key' } });
  assert.equal(headers?.['gridlock-break-from'], undefined);
  assert.equal(headers?.['x-forwarded-for'], elsewhere);
  const status = await edge.https({ ...from, path: '/break/status.json' });
  assert.deepEqual([status.status, JSON.parse(status.body)], [200, { available: false, needsKey: true }]);
});

test('other ways to write the path lead to a replica, which does not know the path', async () => {
  for (const written of ['//break/redis', '/%62reak/redis', '/BREAK/redis', '/./break/redis', '/break'])
    assert.match((await ask({ path: written })).name ?? '', /^ws[12]$/, written);
});

test('without the option the edge does not know the path', async () => {
  const own = await startEdge();
  try {
    const { body } = await own.https({ path: '/break/redis' });
    assert.match((JSON.parse(body) as { name: string }).name, /^ws[12]$/);
  } finally {
    await own.close();
  }
});

test('breaking is offered where nobody else can connect, and elsewhere only by the flag', () => {
  const offers = (overrides: Partial<typeof defaults>) => offersBreaking({ ...defaults, ...overrides });
  assert.ok(offers({}));
  assert.ok(offers({ host: '127.0.0.1' }));
  assert.ok(!offers({ host: 'game.example' }));
  assert.ok(!offers({ host: '192.0.2.1' }));
  assert.ok(offers({ host: 'game.example', breakIt: 'on' }));
  assert.ok(!offers({ breakIt: 'off' }));
  assert.ok(!offers({ command: 'node server.js' }));
  const options = {
    settings: edgeSettings(defaults),
    certificate: 'leaf.pem',
    cookieKey: 'k',
    servers: [],
    addresses: ['*'],
  };
  assert.doesNotMatch(renderEdge(options), /break/);
});
