import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import type { Config } from '../config/config.ts';
import { waitFor } from '../local/wait.ts';
import { serverStates, takeOutOfRotation } from './haproxy.ts';
import type { EdgeOptions } from './options.ts';
import { type Edge, type RequestInit, startEdge } from './testing.ts';

async function edgeOf(t: TestContext, config: Partial<Config>, extra: Partial<EdgeOptions> = {}): Promise<Edge> {
  const edge = await startEdge({ command: 'node server.js', ...config }, extra);
  t.after(() => edge.close());
  return edge;
}

/** The names of the servers that answered a number of requests. */
async function answering(edge: Edge, request: (index: number) => RequestInit, count = 12): Promise<string[]> {
  const names: string[] = [];
  for (let index = 0; index < count; index++) {
    const { body } = await edge.https(request(index));
    names.push((JSON.parse(body) as { name: string }).name);
  }
  return names;
}
const different = (names: readonly string[]): number => new Set(names).size;

async function openSocket(
  edge: Edge,
  headers: Record<string, string> = {},
): Promise<{ socket: WebSocket; at: string }> {
  const socket = new WebSocket(`wss://localhost:${edge.config.port}/ws`, { ca: edge.ca, headers });
  const [name] = (await once(socket, 'message')) as [Buffer];
  return { socket, at: String(name) };
}

test('without stickiness requests go to every server', async (t) => {
  const edge = await edgeOf(t, { sticky: 'none' });
  assert.equal(different(await answering(edge, () => ({}))), 2);
});

test('a cookie keeps its client at the server that it got it for', async (t) => {
  const edge = await edgeOf(t, {});
  const { headers, body } = await edge.https();
  const cookie = String(headers['set-cookie']).split(';')[0]!;
  const { name, headers: seen } = JSON.parse(body) as { name: string; headers: Record<string, string> };
  assert.equal(seen['cookie'], undefined);
  assert.deepEqual([...new Set(await answering(edge, () => ({ headers: { cookie } })))], [name]);
});

for (const [sticky, request] of [
  ['header:X-User', (user: number) => ({ headers: { 'x-user': `user-${user}` } })],
  ['query:user', (user: number) => ({ path: `/any?user=user-${user}` })],
] as const) {
  test(`with ${sticky} each value has its server, and all values together use all of them`, async (t) => {
    const edge = await edgeOf(t, { sticky });
    for (let user = 0; user < 3; user++) assert.equal(different(await answering(edge, () => request(user), 5)), 1);
    assert.equal(different(await answering(edge, request, 24)), 2);
  });
}

test('with source one address has one server, whatever else it sends', async (t) => {
  const edge = await edgeOf(t, { sticky: 'source' });
  const request = (user: number) => ({ path: `/?user=${user}`, headers: { 'x-user': String(user) } });
  assert.equal(different(await answering(edge, request)), 1);
});

test('every path and method of HTTP reaches the server, health and metrics too', async (t) => {
  const edge = await edgeOf(t, {});
  for (const path of ['/', '/healthz', '/metrics', '/ws/else?x=1']) {
    assert.equal((JSON.parse((await edge.https({ path })).body) as { url: string }).url, path);
  }
  assert.equal((await edge.https({ method: 'DELETE', path: '/thing' })).status, 200);
});

test('with socket paths only they and what is below them reach the server', async (t) => {
  const edge = await edgeOf(t, { socketPaths: ['/chat/', '/ws'] });
  for (const path of ['/chat', '/chat/', '/chat/room', '/ws?x=1']) {
    // The echo refuses a plain request on the path of its socket by itself.
    assert.notEqual((await edge.https({ path })).status, 404, path);
  }
  for (const path of ['/', '/chatter', '/ws/../admin', '/ws/%2e%2e/admin', '/WS']) {
    const { status, body } = await edge.https({ path });
    assert.deepEqual(
      [status, JSON.parse(body)],
      [404, { code: 'not_found', message: 'The server is at /chat/, /ws.' }],
    );
  }
  const { socket } = await openSocket(edge);
  socket.terminate();
});

test('a server out of rotation gets no new clients, not even by cookie, and keeps its open sockets', async (t) => {
  const edge = await edgeOf(t, {});
  const { headers, body } = await edge.https();
  const cookie = String(headers['set-cookie']).split(';')[0]!;
  const { socket, at } = await openSocket(edge, { cookie });
  t.after(() => socket.terminate());
  assert.equal((JSON.parse(body) as { name: string }).name, at);
  await takeOutOfRotation(edge.runtimeSocket, at);
  const names = await answering(edge, () => ({ headers: { cookie } }));
  assert.equal(different(names), 1);
  assert.notEqual(names[0], at);
  const echoed = once(socket, 'message');
  socket.send('still here');
  assert.equal(String((await echoed)[0]), 'still here');
  assert.equal((await serverStates(edge.runtimeSocket)).get(at)?.up, false);
});

test('the edge reports which servers are up and how many sessions each has', async (t) => {
  const edge = await edgeOf(t, { sticky: 'query:user', healthPath: '/style.css' });
  const { socket, at } = await openSocket(edge);
  t.after(() => socket.terminate());
  const other = at === 'ws1' ? 'ws2' : 'ws1';
  const states = await waitFor(
    async () => {
      const found = await serverStates(edge.runtimeSocket);
      return found.get(at)?.sessions === 1 ? found : undefined;
    },
    { what: 'the socket to be counted', timeoutMs: 30_000 },
  );
  assert.deepEqual(Object.fromEntries(states), { [at]: { up: true, sessions: 1 }, [other]: { up: true, sessions: 0 } });
});

test('a server whose health path answers an error gets no clients until it recovers', async (t) => {
  const edge = await edgeOf(t, { sticky: 'none', healthPath: '/up' });
  edge.replicas[0]!.setReady(false);
  await edge.inRotation('ws2');
  assert.deepEqual([...new Set(await answering(edge, () => ({}), 6))], ['ws2']);
  edge.replicas[0]!.setReady(true);
  await edge.inRotation('ws1', 'ws2');
});
