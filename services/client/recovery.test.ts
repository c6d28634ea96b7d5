import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GameState } from '../apps/grid/grid.ts';
import { capture } from '../apps/grid/grid.ts';
import { settle } from './testing/fake-clock.ts';
import { Bench, type FakeSocket, MemoryStore } from './testing/fake-network.ts';
import { EPOCH, eventMessage, eventMessages, GAME, snapshotMessage, stateAt } from './testing/history.ts';

const stateOf = (bench: Bench): GameState | undefined => bench.client.room(GAME)?.state;
const seqsOf = (bench: Bench) => bench.events('event').map(({ seq }) => seq);

async function join(bench: Bench, socket: FakeSocket, seq: number): Promise<void> {
  const joined = bench.client.join(GAME);
  const { id } = socket.request('join');
  socket.say({ type: 'ack', id, game: GAME, epoch: EPOCH, seq }, snapshotMessage(seq));
  await joined;
}

async function joined(seq: number, bench = new Bench()): Promise<{ bench: Bench; socket: FakeSocket }> {
  const socket = await bench.open();
  await join(bench, socket, seq);
  return { bench, socket };
}

test('events in order are folded one by one, each emitted with the state after it', async () => {
  const { bench, socket } = await joined(3);
  socket.say(eventMessage(4), eventMessage(5));
  assert.deepEqual(stateOf(bench), stateAt(5));
  assert.deepEqual(
    bench.events('event').map(({ seq, state, replayed }) => ({ seq, state, replayed })),
    [
      { seq: 4, state: stateAt(4), replayed: false },
      { seq: 5, state: stateAt(5), replayed: false },
    ],
  );
});

test('an event that was seen already is dropped', async () => {
  const { bench, socket } = await joined(4);
  socket.say(eventMessage(5));
  socket.say(eventMessage(5), eventMessage(3));
  assert.deepEqual(seqsOf(bench), [5]);
  assert.deepEqual(stateOf(bench), stateAt(5));
  assert.deepEqual(
    socket.requests.map(({ type }) => type),
    ['join'],
  );
});

test('missing events are requested, not guessed, and early events are applied once the gap is filled', async () => {
  const { bench, socket } = await joined(4);
  socket.say(eventMessage(7));
  socket.say(eventMessage(8));
  assert.deepEqual(stateOf(bench), stateAt(4));
  const { id, ...resume } = socket.request('resume');
  assert.deepEqual(resume, { type: 'resume', game: GAME, epoch: EPOCH, seq: 4 });
  assert.equal(socket.requests.filter(({ type }) => type === 'resume').length, 1);
  socket.say({ type: 'ack', id, game: GAME, epoch: EPOCH, seq: 8, recovered: true }, ...eventMessages(5, 8));
  assert.deepEqual(stateOf(bench), stateAt(8));
  assert.deepEqual(seqsOf(bench), [5, 6, 7, 8]);
  assert.deepEqual(bench.events('recovered'), [{ epoch: EPOCH, seq: 8 }]);
});

test('events that a resume did not bring are requested again', async () => {
  const { bench, socket } = await joined(4);
  socket.say(eventMessage(7));
  socket.say({ type: 'ack', id: socket.request('resume').id, game: GAME, seq: 7, recovered: true }, eventMessage(5));
  assert.deepEqual(stateOf(bench), stateAt(5));
  assert.equal(socket.request('resume').seq, 5);
});

test('after a reconnect a game is resumed from its last event, before anything else is sent', async () => {
  const { bench, socket } = await joined(4);
  const captured = bench.client.send(GAME, capture(0));
  socket.end(1006);
  const next = await bench.reopen();
  const { id, ...resume } = next.request('resume');
  assert.deepEqual(resume, { type: 'resume', game: GAME, epoch: EPOCH, seq: 4 });
  assert.equal(next.requests.length, 1);
  next.say({ type: 'ack', id, game: GAME, epoch: EPOCH, seq: 6, recovered: true }, ...eventMessages(5, 6));
  next.say({ type: 'ack', id: next.request('capture').id, game: GAME, epoch: EPOCH, seq: 5, duplicate: true });
  assert.equal((await captured).seq, 5);
  next.say(eventMessage(7));
  assert.deepEqual(
    bench.events('event').map(({ seq, replayed }) => [seq, replayed]),
    [
      [5, true],
      [6, true],
      [7, false],
    ],
  );
});

test('a resume that finds nothing new says so too', async () => {
  const { bench, socket } = await joined(4);
  socket.end(1006);
  const next = await bench.reopen();
  next.say({ type: 'ack', id: next.request('resume').id, game: GAME, epoch: EPOCH, seq: 4, recovered: true });
  assert.equal(bench.events('recovered').length, 1);
});

test('a snapshot in place of missing events replaces the state and is reported as not recovered', async () => {
  const { bench, socket } = await joined(4);
  socket.end(1006);
  const next = await bench.reopen();
  next.say(
    { type: 'ack', id: next.request('resume').id, game: GAME, epoch: 'e2', seq: 3, recovered: false },
    snapshotMessage(3, 'e2', false),
  );
  assert.deepEqual(
    bench.events('snapshot').map(({ epoch, seq, recovered }) => ({ epoch, seq, recovered })),
    [
      { epoch: EPOCH, seq: 4, recovered: true },
      { epoch: 'e2', seq: 3, recovered: false },
    ],
  );
  assert.deepEqual(stateOf(bench), stateAt(3));
  next.say(eventMessage(4, 'e2'));
  const { epoch, seq, state } = bench.client.room(GAME)!;
  assert.deepEqual({ epoch, seq, state }, { epoch: 'e2', seq: 4, state: stateAt(4) });
});

test('an event of another epoch is not applied and leads to a resume', async () => {
  const { bench, socket } = await joined(4);
  socket.say(eventMessage(5, 'e2'));
  assert.deepEqual(stateOf(bench), stateAt(4));
  assert.deepEqual([socket.request('resume').epoch, socket.request('resume').seq], [EPOCH, 4]);
});

test('an event that contradicts the state leads to a snapshot, not to a wrong board', async () => {
  const { bench, socket } = await joined(5);
  socket.say({ ...eventMessage(6), event: { kind: 'captured', player: 'p2', seat: 1, cell: 0, scores: [0, 1] } });
  assert.equal(bench.events('error').at(-1)?.code, 'protocol_error');
  const { id, epoch } = socket.request('resume');
  assert.notEqual(epoch, EPOCH);
  socket.say({ type: 'ack', id, game: GAME, epoch: EPOCH, seq: 6, recovered: false }, snapshotMessage(6, EPOCH, false));
  assert.deepEqual(stateOf(bench), stateAt(6));
});

test('the acknowledgement of a capture may come before its event or after it', async () => {
  for (const order of ['ack first', 'event first']) {
    const { bench, socket } = await joined(4);
    const captured = bench.client.send(GAME, capture(0));
    const ack = { type: 'ack' as const, id: socket.request('capture').id, game: GAME, epoch: EPOCH, seq: 5 };
    socket.say(...(order === 'ack first' ? [ack, eventMessage(5)] : [eventMessage(5), ack]));
    assert.equal((await captured).seq, 5, order);
    assert.deepEqual(stateOf(bench), stateAt(5), order);
    assert.equal(
      socket.requests.some(({ type }) => type === 'resume'),
      false,
      order,
    );
  }
});

test('events of a game that come before the acknowledgement of joining it are kept until the snapshot', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  const promise = bench.client.join(GAME);
  socket.say(eventMessage(4));
  socket.say({ type: 'ack', id: socket.request('join').id, game: GAME, epoch: EPOCH, seq: 3 }, snapshotMessage(3));
  await promise;
  assert.deepEqual(stateOf(bench), stateAt(4));
  assert.equal(socket.requests.length, 1);
});

test('a seat whose snapshot was cut off is restored from the first event', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  const promise = bench.client.create();
  socket.say({ type: 'ack', id: socket.request('create').id, game: GAME, epoch: EPOCH, seq: 2 });
  await settle();
  socket.end(1006);
  const next = await bench.reopen();
  assert.equal(next.request('resume').seq, 0);
  next.say({ type: 'ack', id: next.request('resume').id, seq: 2, recovered: true }, ...eventMessages(1, 2));
  assert.deepEqual((await promise).state, stateAt(2));
});

test('a game that is gone is dropped on resume, with an event', async () => {
  const { bench, socket } = await joined(4);
  socket.end(1006);
  const next = await bench.reopen();
  next.say({ type: 'error', id: next.request('resume').id, code: 'game_not_found', message: 'It ended long ago.' });
  assert.equal(bench.client.room(GAME), undefined);
  assert.deepEqual(
    bench.events('error').map(({ code, game }) => [code, game]),
    [['game_not_found', GAME]],
  );
});

test('a resume that is never answered ends the connection', async () => {
  const { bench, socket } = await joined(4);
  socket.end(1006);
  const next = await bench.reopen();
  for (let second = 0; second < 15; second++) {
    await bench.clock.advance(1_000);
    next.say({ type: 'pong', t: bench.clock.now(), now: bench.clock.now() });
  }
  assert.equal(next.closedWith, 1000);
  assert.equal((await bench.reopen()).request('resume').seq, 4);
});

test('a game that was left emits no further events', async () => {
  const { bench, socket } = await joined(3);
  const left = bench.client.leave(GAME);
  socket.say({ type: 'ack', id: socket.request('leave').id, game: GAME });
  await left;
  socket.say(eventMessage(4), snapshotMessage(4));
  assert.deepEqual(bench.client.rooms, []);
  socket.end(1006);
  assert.deepEqual((await bench.reopen()).requests, []);
});

test('a completed game needs no resume, and leaving it succeeds whatever the server says', async () => {
  const { bench, socket } = await joined(4);
  socket.say({ ...eventMessage(5), event: { kind: 'finished', reason: 'time', ranking: [] } });
  assert.equal(stateOf(bench)?.status, 'completed');
  socket.end(1006);
  const next = await bench.reopen();
  assert.deepEqual(next.requests, []);
  const left = bench.client.leave(GAME);
  assert.equal(bench.client.room(GAME), undefined);
  next.say({ type: 'error', id: next.request('leave').id, code: 'game_over', message: 'It is over.' });
  await left;
});

test('a reload keeps player, game and channel, and the whole history comes again', async () => {
  const store = new MemoryStore();
  const before = await joined(4, new Bench({}, { store }));
  const subscribed = before.bench.client.subscribe('lobby');
  before.socket.say({ type: 'ack', id: before.socket.request('subscribe').id, channel: 'lobby' });
  await subscribed;

  const bench = new Bench({}, { store, seed: 2 });
  const socket = await bench.open();
  assert.deepEqual(bench.sessions, []);
  assert.equal(socket.address, before.socket.address);
  // A late attempt of the previous page then counts as older.
  assert.equal(socket.attempt.client, before.socket.attempt.client);
  assert.ok(socket.attempt.number > before.socket.attempt.number);
  assert.equal(socket.target.token, 'token-1');
  const { id, ...resume } = socket.request('resume');
  assert.deepEqual(resume, { type: 'resume', game: GAME, epoch: EPOCH, seq: 0 });
  assert.deepEqual(socket.request('subscribe').channel, 'lobby');
  assert.notEqual(id.split('-')[0], before.socket.request('join').id.split('-')[0]);
  socket.say({ type: 'ack', id, game: GAME, epoch: EPOCH, seq: 6, recovered: true }, ...eventMessages(1, 6));
  assert.deepEqual(stateOf(bench), stateAt(6));
  assert.ok(bench.events('event').every(({ replayed }) => replayed));
});

test('a reload whose history is gone gets a snapshot', async () => {
  const store = new MemoryStore();
  await joined(4, new Bench({}, { store }));
  const bench = new Bench({}, { store });
  const socket = await bench.open();
  const { id } = socket.request('resume');
  socket.say({ type: 'ack', id, game: GAME, epoch: 'e2', seq: 6, recovered: false }, snapshotMessage(6, 'e2', false));
  assert.deepEqual(stateOf(bench), stateAt(6));
  assert.match(store.text ?? '', /"epoch":"e2"/);
});

test('a store with foreign content makes a new guest', async () => {
  for (const text of ['', '{', '{"version":2}', '[]']) {
    const store = new MemoryStore();
    store.text = text;
    const bench = new Bench({}, { store });
    await bench.open();
    assert.equal(bench.sessions.length, 1);
  }
});

const line = (seq: number) => ({
  seq,
  at: seq,
  replica: '1111',
  player: { id: 'p2', name: 'Bob' },
  data: { text: `t${seq}` },
  line: `1111:t${seq}`,
});
const chat = (seq: number, epoch = EPOCH) => ({ type: 'message' as const, channel: 'lobby', epoch, ...line(seq) });
const history = (seqs: number[], epoch = EPOCH) => ({
  type: 'history' as const,
  channel: 'lobby',
  epoch,
  messages: seqs.map(line),
});
const texts = (bench: Bench) => bench.events('message').map(({ data }) => (data as { text: string }).text);

async function subscribed(): Promise<{ bench: Bench; socket: FakeSocket }> {
  const bench = new Bench();
  const socket = await bench.open();
  void bench.client.subscribe('lobby');
  socket.say({ type: 'ack', id: socket.request('subscribe').id, channel: 'lobby' });
  await settle();
  return { bench, socket };
}

test('the history of a channel comes before the lines that are published meanwhile', async () => {
  const { bench, socket } = await subscribed();
  socket.say(chat(3));
  assert.deepEqual(texts(bench), []);
  socket.say(history([1, 2, 3]), chat(4));
  assert.deepEqual(texts(bench), ['t1', 't2', 't3', 't4']);
  assert.deepEqual(
    bench.events('message').map(({ replayed }) => replayed),
    [true, true, true, false],
  );
});

test('a channel is subscribed to again after a reconnect, and no line is emitted twice', async () => {
  const { bench, socket } = await subscribed();
  socket.say(history([]), chat(1), chat(2));
  socket.end(1006);
  const next = await bench.reopen();
  const { epoch, after } = next.request('subscribe');
  assert.deepEqual({ epoch, after }, { epoch: EPOCH, after: 2 });
  next.say({ type: 'ack', id: next.request('subscribe').id, channel: 'lobby' }, history([2, 3]), chat(3), chat(4));
  assert.deepEqual(texts(bench), ['t1', 't2', 't3', 't4']);
});

test('a new epoch of a channel counts from the beginning', async () => {
  const { bench, socket } = await subscribed();
  socket.say(history([8, 9]), chat(1, 'e2'));
  assert.deepEqual(texts(bench), ['t8', 't9', 't1']);
});

test('a subscription that is refused leaves nothing behind', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  const refused = bench.client.subscribe(GAME).catch((error: { code: string }) => error.code);
  socket.say({ type: 'error', id: socket.request('subscribe').id, code: 'not_a_player', message: 'No.' });
  assert.equal(await refused, 'not_a_player');
  socket.end(1006);
  assert.deepEqual((await bench.reopen()).requests, []);
});

test('presence is emitted only for subscribed channels', async () => {
  const { bench, socket } = await subscribed();
  const players = [{ id: 'p2', name: 'Bob' }];
  socket.say({ type: 'presence', channel: 'lobby', count: 7, players });
  const left = bench.client.unsubscribe('lobby');
  socket.say({ type: 'ack', id: socket.request('unsubscribe').id });
  socket.say({ type: 'presence', channel: 'lobby', count: 8, players });
  await left;
  assert.deepEqual(bench.events('presence'), [{ channel: 'lobby', count: 7, players }]);
});

test('a channel without history emits signals until it is left, and is subscribed to again after a cut', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  const asked = bench.client.subscribe('pointers');
  socket.say({ type: 'ack', id: socket.request('subscribe').id, channel: 'pointers' });
  await asked;
  const signal = { channel: 'pointers', at: 1, player: { id: 'p2', name: 'Bob' }, data: { x: 1 } };
  socket.say({ type: 'signal', ...signal });
  socket.end(1006);
  const next = await bench.reopen();
  const { id: _, ...request } = next.request('subscribe');
  assert.deepEqual(request, { type: 'subscribe', channel: 'pointers' });
  next.say({ type: 'ack', id: next.request('subscribe').id, channel: 'pointers' });
  next.say({ type: 'signal', ...signal, at: 2 });
  const left = bench.client.unsubscribe('pointers');
  next.say({ type: 'ack', id: next.request('unsubscribe').id });
  await left;
  next.say({ type: 'signal', ...signal, at: 3 });
  assert.deepEqual(bench.events('signal'), [signal, { ...signal, at: 2 }]);
});

test('leaving a game also leaves its chat', async () => {
  const { bench, socket } = await joined(3);
  void bench.client.subscribe(GAME);
  socket.say({ type: 'ack', id: socket.request('subscribe').id, channel: GAME });
  const left = bench.client.leave(GAME);
  socket.say({ type: 'ack', id: socket.request('leave').id, game: GAME });
  await left;
  socket.end(1006);
  assert.deepEqual((await bench.reopen()).requests, []);
});

test('the chat of a game that is joined again during a leave stays subscribed', async () => {
  const { bench, socket } = await joined(3);
  const all = [bench.client.leave(GAME), bench.client.join(GAME), bench.client.subscribe(GAME)];
  socket.say(
    { type: 'ack', id: socket.request('leave').id, game: GAME },
    { type: 'ack', id: socket.request('join').id, game: GAME, epoch: EPOCH },
    snapshotMessage(3),
    { type: 'ack', id: socket.request('subscribe').id, channel: GAME },
  );
  await Promise.all(all);
  socket.say({ ...history([]), channel: GAME }, { ...chat(1), channel: GAME });
  assert.deepEqual(texts(bench), ['t1']);
  socket.end(1006);
  assert.equal((await bench.reopen()).request('subscribe').channel, GAME);
});

test('a game refused for good on resume is dropped, and the connection stays', async () => {
  const { bench, socket } = await joined(3);
  socket.end(1006);
  const next = await bench.reopen();
  next.say({ type: 'error', id: next.request('resume').id, code: 'too_many_games', message: 'Eight already.' });
  assert.deepEqual([bench.client.state, bench.client.rooms], ['open', []]);
});
