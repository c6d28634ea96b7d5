import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capture } from '../apps/grid/grid.ts';
import { LIMITS } from '../protocol/index.ts';
import { settle } from './testing/fake-clock.ts';
import { Bench, rejection } from './testing/fake-network.ts';
import { EPOCH, GAME } from './testing/history.ts';

const idsOf = (requests: readonly { id: string }[]) => requests.map(({ id }) => id);

test('a request resolves with its acknowledgement', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  const captured = bench.client.send(GAME, capture(4));
  const { id, ...request } = socket.request('capture');
  assert.deepEqual(request, { type: 'capture', game: GAME, cell: 4 });
  const ack = { type: 'ack' as const, id, game: GAME, epoch: EPOCH, seq: 9 };
  socket.say(ack);
  assert.deepEqual(await captured, ack);
  assert.equal(bench.client.health.pending, 0);
});

test('a refusal rejects with the code, the sentence and the game it was about', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  const captured = rejection(bench.client.send(GAME, capture(4)));
  socket.say({ type: 'error', id: socket.request('capture').id, code: 'cell_taken', message: 'Bob has it.' });
  const { code, message, game } = await captured;
  assert.deepEqual({ code, message, game }, { code: 'cell_taken', message: 'Bob has it.', game: GAME });
  assert.deepEqual(bench.events('error'), []);
});

test('an error that belongs to no request is an event', async () => {
  const bench = new Bench();
  (await bench.open()).say({ type: 'error', code: 'rate_limited', message: 'Slow down.', retryAfterMs: 100 });
  const [error] = bench.events('error');
  assert.deepEqual([error?.code, error?.retryAfterMs], ['rate_limited', 100]);
});

test('a request that is never answered times out', async () => {
  const bench = new Bench({ requestTimeoutMs: 5_000 });
  await bench.open();
  const captured = rejection(bench.client.send(GAME, capture(4)));
  await bench.clock.advance(5_000);
  assert.equal((await captured).code, 'timeout');
});

test('requests in flight at the cut and requests made after it are sent in order with the same ids', async () => {
  const bench = new Bench();
  const first = await bench.open();
  const answers = [0, 1].map((cell) => bench.client.send(GAME, capture(cell)));
  const sent = idsOf(first.requests);
  assert.equal(sent.length, 2);
  first.end(1006);
  answers.push(bench.client.send(GAME, capture(2)));
  const second = await bench.reopen();
  assert.deepEqual(
    second.requests.map((request) => request.type === 'capture' && request.cell),
    [0, 1, 2],
  );
  assert.deepEqual(idsOf(second.requests).slice(0, 2), sent);
  for (const id of idsOf(second.requests)) second.say({ type: 'ack', id, duplicate: true });
  await Promise.all(answers);
});

test('a request that was answered before the cut is not sent again', async () => {
  const bench = new Bench();
  const first = await bench.open();
  const captured = bench.client.send(GAME, capture(0));
  first.say({ type: 'ack', id: first.request('capture').id, seq: 5 });
  first.end(1006);
  await captured;
  assert.deepEqual((await bench.reopen()).requests, []);
});

test('the queue is bounded, and one more is refused at once', async () => {
  const bench = new Bench({ queueLimit: 3 });
  (await bench.open()).end(1006);
  const kept = [0, 1, 2].map((cell) => bench.client.send(GAME, capture(cell)));
  const { code, message } = await rejection(bench.client.send(GAME, capture(3)));
  assert.equal(code, 'queue_full');
  assert.match(message, /^3 requests wait/);
  const socket = await bench.reopen();
  assert.equal(socket.requests.length, 3);
  for (const id of idsOf(socket.requests)) socket.say({ type: 'ack', id });
  await Promise.all(kept);
});

test('a request that waited too long for a connection is refused without being sent', async () => {
  const bench = new Bench({ queueMaxAgeMs: 4_000 });
  (await bench.open()).end(1006);
  const captured = rejection(bench.client.send(GAME, capture(0)));
  await bench.clock.advance(4_000);
  assert.equal((await captured).code, 'queue_expired');
  bench.socket.welcome(bench.clock.now(), 'c2');
  assert.deepEqual(bench.socket.requests, []);
});

test('nothing is queued by a client that is closed', async () => {
  const bench = new Bench();
  assert.equal((await rejection(bench.client.send(GAME, capture(0)))).code, 'closed');
  assert.equal(bench.clock.running, 0);
});

for (const code of ['unavailable', 'internal', 'rate_limited'] as const) {
  test(`a request refused as ${code} is repeated with the same id after the time the server named`, async () => {
    const bench = new Bench();
    const socket = await bench.open();
    const captured = bench.client.send(GAME, capture(0));
    const { id } = socket.request('capture');
    socket.say({ type: 'error', id, code, message: 'Not now.', retryAfterMs: 700 });
    await bench.clock.advance(699);
    assert.deepEqual(idsOf(socket.requests), [id]);
    await bench.clock.advance(1);
    assert.deepEqual(idsOf(socket.requests), [id, id]);
    socket.say({ type: 'ack', id, seq: 5 });
    await captured;
  });
}

test('a request whose repeat would come after the deadline is refused at once', async () => {
  const bench = new Bench({ requestTimeoutMs: 5_000 });
  const socket = await bench.open();
  const captured = rejection(bench.client.send(GAME, capture(0)));
  const { id } = socket.request('capture');
  socket.say({ type: 'error', id, code: 'unavailable', message: 'No.', retryAfterMs: 5_000 });
  const { code, retryAfterMs } = await captured;
  assert.deepEqual([code, retryAfterMs], ['unavailable', 5_000]);
});

test('while the store stays unavailable, a request is repeated with growing delays until the deadline', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  const captured = rejection(bench.client.send(GAME, capture(0)));
  let answered = 0;
  for (let step = 0; step < 1_500; step++) {
    const { requests } = socket;
    if (requests.length > answered) {
      answered = requests.length;
      socket.say({ type: 'error', id: requests[0]!.id, code: 'unavailable', message: 'No.' });
      socket.say({ type: 'pong', t: bench.clock.now(), now: bench.clock.now() });
    }
    await bench.clock.advance(10);
  }
  assert.equal((await captured).code, 'unavailable');
  assert.ok(answered >= 4 && answered < 25, `${answered} repeats`);
});

test('a request that a draining replica refused is repeated on the next connection', async () => {
  const bench = new Bench();
  const first = await bench.open();
  const captured = bench.client.send(GAME, capture(0));
  const { id } = first.request('capture');
  first.say({ type: 'error', id, code: 'draining', message: 'Going.', retryAfterMs: 10 });
  await bench.clock.advance(1_000);
  assert.equal(first.requests.length, 1);
  first.end(1012);
  const second = await bench.reopen();
  second.say({ type: 'ack', id: second.request('capture').id });
  assert.equal((await captured).id, id);
});

test('while one request is held for the rate, the others wait behind it', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  void bench.client.send(GAME, capture(0)).catch(() => {});
  const { id } = socket.request('capture');
  socket.say({ type: 'error', id, code: 'rate_limited', message: 'Slow.', retryAfterMs: 500 });
  void bench.client.send(GAME, capture(1)).catch(() => {});
  assert.equal(socket.requests.length, 1);
  await bench.clock.advance(500);
  assert.deepEqual(
    socket.requests.map((request) => request.type === 'capture' && request.cell),
    [0, 0, 1],
  );
});

test('a message that is held for its own rate does not hold back moves', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  void bench.client.publish('lobby', { text: 'one' }).catch(() => {});
  const { id } = socket.request('publish');
  socket.say({ type: 'error', id, code: 'rate_limited', message: 'Slow.', retryAfterMs: 500 });
  void bench.client.publish('lobby', { text: 'two' }).catch(() => {});
  void bench.client.send(GAME, capture(1)).catch(() => {});
  assert.deepEqual(
    socket.requests.map(({ type }) => type),
    ['publish', 'capture'],
  );
  await bench.clock.advance(500);
  assert.deepEqual(
    socket.requests.map(({ type }) => type),
    ['publish', 'capture', 'publish', 'publish'],
  );
});

test('a full queue is sent no faster than the server allows', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  for (let cell = 0; cell < 60; cell++) void bench.client.send(GAME, capture(cell)).catch(() => {});
  assert.equal(socket.requests.length, LIMITS.messagesPerSecond);
  await bench.clock.advance(500);
  assert.ok(socket.requests.length <= LIMITS.messagesPerSecond * 1.5 + 1, `${socket.requests.length}`);
  await bench.clock.advance(600);
  assert.equal(socket.requests.length, 60);
});

test('two clients with different random numbers never share an id', async () => {
  const idOf = async (seed: number) => {
    const bench = new Bench({}, { seed });
    const socket = await bench.open();
    void bench.client.send(GAME, capture(0)).catch(() => {});
    await settle();
    return socket.request('capture').id;
  };
  const ids = await Promise.all(Array.from({ length: 50 }, (_, seed) => idOf(seed)));
  assert.equal(new Set(ids).size, 50);
  assert.ok(ids.every((id) => /^[A-Za-z0-9_-]{1,64}$/.test(id)));
});
