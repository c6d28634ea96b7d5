import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GridlockError } from './errors.ts';
import { settle } from './testing/fake-clock.ts';
import { Bench, type FakeSocket, SESSION_MS } from './testing/fake-network.ts';

/** Answers whenever something may have been sent, because a request without an answer soon ends the socket. */
async function pass(bench: Bench, socket: FakeSocket, ms: number, until = () => false): Promise<number> {
  const start = bench.clock.now();
  while (bench.clock.now() - start < ms && !until()) {
    await bench.clock.advanceToNext();
    socket.say({ type: 'pong', t: bench.clock.now(), now: bench.clock.now() });
  }
  return bench.clock.now() - start;
}

const isRefresh = (socket: FakeSocket) => () => socket.requests.some(({ type }) => type === 'refresh');

test('a token is renewed at about four fifths of its life and shown on the socket that is open', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  const after = await pass(bench, socket, SESSION_MS, isRefresh(socket));
  assert.ok(after >= 0.74 * SESSION_MS && after <= 0.86 * SESSION_MS, `after ${after / SESSION_MS} of its life`);
  assert.equal(bench.sessions.length, 2);
  assert.equal(bench.sessions[1]?.token, 'token-1');
  assert.equal(socket.request('refresh').token, 'token-2');
  assert.equal(bench.sockets.length, 1);
});

test('many clients that start together do not renew together', async () => {
  const moments = new Set<number>();
  for (let seed = 1; seed <= 5; seed += 1) {
    const bench = new Bench({}, { seed });
    const socket = await bench.open();
    moments.add(await pass(bench, socket, SESSION_MS, isRefresh(socket)));
  }
  assert.equal(moments.size, 5);
});

test('each renewal is followed by the next one', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  for (let round = 1; round <= 3; round += 1) {
    const refreshes = () => socket.requests.filter(({ type }) => type === 'refresh').length;
    await pass(bench, socket, SESSION_MS, () => refreshes() === round);
    assert.equal(refreshes(), round);
    const { id } = socket.request('refresh');
    socket.say({ type: 'ack', id, expiresAt: bench.clock.now() + SESSION_MS });
  }
});

test('a renewal that fails is tried again before the token ends', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  bench.sessionError = new GridlockError('session_unavailable', 'Not now.');
  await pass(bench, socket, SESSION_MS * 0.9, () => bench.sessions.length > 1);
  bench.sessionError = undefined;
  await pass(bench, socket, SESSION_MS * 0.2, isRefresh(socket));
  assert.equal(socket.request('refresh').token, 'token-3');
});

test('if a cookie carries the token, the ticket that came with it is shown and not kept', async () => {
  const store = {
    text: undefined as string | undefined,
    read: () => store.text,
    write: (text: string) => void (store.text = text),
  };
  const bench = new Bench({}, { store });
  bench.ticket = 'ticket';
  const socket = await bench.open();
  await pass(bench, socket, SESSION_MS, isRefresh(socket));
  assert.equal(socket.request('refresh').token, 'ticket');
  assert.doesNotMatch(store.text!, /ticket/);
});

test('a socket that was closed for its token is made again with a new session', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  socket.end(4401);
  await bench.reopen();
  assert.equal(bench.sessions.length, 2);
  assert.equal(bench.sessions[1]?.token, 'token-1');
  assert.equal(bench.socket.target.token, 'token-2');
});

test('nothing is renewed for a client that is closed', async () => {
  const bench = new Bench();
  await bench.open();
  bench.client.close();
  await settle();
  assert.equal(bench.clock.running, 0);
});

test('logging out ends the session, and the next one is that of a new guest', async () => {
  const bench = new Bench();
  await bench.open();
  await bench.client.logout();
  assert.deepEqual(
    bench.endedSessions.map(({ token }) => token),
    ['token-1'],
  );
  assert.equal(bench.client.state, 'closed');
  const again = bench.client.connect();
  await settle();
  bench.socket.welcome(bench.clock.now());
  await again;
  assert.equal(bench.sessions.at(-1)?.token, undefined);
});
