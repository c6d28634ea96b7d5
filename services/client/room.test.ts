import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counter } from '../apps/counter/counter.ts';
import { capture, grid } from '../apps/grid/grid.ts';
import type { AnyRoomType } from '../protocol/index.ts';
import type { GridlockClient } from './client.ts';
import type { Room } from './room.ts';
import { settle } from './testing/fake-clock.ts';
import { Bench, type FakeSocket, MemoryStore, PLAYER, rejection } from './testing/fake-network.ts';
import { EPOCH, eventMessage, GAME, snapshotMessage, stateAt } from './testing/history.ts';

const ack = (socket: FakeSocket, type: 'create' | 'join' | 'match' | 'watch', seq: number, game = GAME) =>
  ({ type: 'ack', id: socket.request(type).id, game, epoch: EPOCH, seq }) as const;

async function joined(seq: number, bench = new Bench()) {
  const socket = await bench.open();
  const entering = bench.client.join(GAME);
  socket.say(ack(socket, 'join', seq), snapshotMessage(seq));
  return { bench, socket, room: await entering };
}

/** A client that was made without a room type. */
async function untyped(store = new MemoryStore()) {
  const bench = new Bench({ room: undefined }, { store });
  const client = bench.client as unknown as GridlockClient;
  return { bench, client, socket: await bench.open(), store };
}

for (const way of ['create', 'join', 'match', 'watch'] as const) {
  test(`${way} resolves with the room once its state is here`, async () => {
    const bench = new Bench();
    const socket = await bench.open();
    const entering = way === 'join' || way === 'watch' ? bench.client[way](GAME) : bench.client[way]();
    let isEntered = false;
    void entering.then(() => (isEntered = true));
    socket.say(ack(socket, way, 4));
    await settle();
    assert.equal(isEntered, false);
    socket.say(snapshotMessage(4));
    const room = await entering;
    assert.deepEqual([room.code, room.epoch, room.seq, room.state], [GAME, EPOCH, 4, stateAt(4)]);
    assert.equal(room.isWatching, way === 'watch');
    assert.equal(bench.client.room(GAME), room);
    assert.deepEqual(bench.client.rooms, [room]);
  });
}

test('a room emits its own events until the listener is removed', async () => {
  const { bench, socket, room } = await joined(4);
  const entering = bench.client.join('GHJKLM');
  socket.say(ack(socket, 'join', 4, 'GHJKLM'), { ...snapshotMessage(4), game: 'GHJKLM' });
  await entering;
  const seen: number[] = [];
  const off = room.on('event', ({ seq }) => seen.push(seq));
  socket.say({ ...eventMessage(5), game: 'GHJKLM' }, eventMessage(5));
  off();
  socket.say(eventMessage(6));
  assert.deepEqual(seen, [5]);
});

test('the client emits a room before any of its events', async () => {
  const bench = new Bench();
  const seen: unknown[] = [];
  bench.client.on('room', (room) => {
    seen.push(room.code);
    room.on('snapshot', ({ seq }) => seen.push(['snapshot', seq]));
    room.on('event', ({ seq }) => seen.push(['event', seq]));
  });
  const socket = await bench.open();
  void bench.client.join(GAME);
  socket.say(eventMessage(4), ack(socket, 'join', 3), snapshotMessage(3));
  assert.deepEqual(seen, [GAME, ['snapshot', 3], ['event', 4]]);
});

test('the room type determines members, deadline and end', async () => {
  const { socket, room } = await joined(4);
  assert.deepEqual(
    room.members.map(({ name }) => name),
    ['Ada', 'Bob'],
  );
  assert.deepEqual([room.isOver, room.deadline], [false, stateAt(4).endsAt]);
  socket.say({ ...eventMessage(5), event: { kind: 'finished', reason: 'time', ranking: [] } });
  assert.deepEqual([room.isOver, room.deadline], [true, undefined]);
});

test('a room counts its watchers and emits each change', async () => {
  const { socket, room } = await joined(4);
  const seen: number[] = [];
  room.on('watchers', ({ count }) => seen.push(count));
  socket.say({ type: 'watchers', game: GAME, count: 3 });
  assert.deepEqual([room.watchers, seen], [3, [3]]);
});

test('send and leave act on the room, whose state stays as it was once it is left', async () => {
  const { bench, socket, room } = await joined(4);
  const sent = room.send(capture(0));
  const { id, ...request } = socket.request('capture');
  assert.deepEqual(request, { type: 'capture', game: GAME, cell: 0 });
  socket.say({ type: 'ack', id, game: GAME, epoch: EPOCH, seq: 5 }, eventMessage(5));
  assert.equal((await sent).seq, 5);
  const left = room.leave();
  socket.say({ type: 'ack', id: socket.request('leave').id, game: GAME });
  await left;
  socket.say(eventMessage(6));
  assert.equal(bench.client.room(GAME), undefined);
  assert.deepEqual([room.state, room.predicted], [stateAt(5), stateAt(5)]);
});

test('the prediction is the same value until something changes', async () => {
  const { socket, room } = await joined(4);
  void room.send(capture(0)).catch(() => undefined);
  const first = room.predicted;
  assert.equal(room.predicted, first);
  socket.say({ ...eventMessage(5), event: { kind: 'captured', player: 'p2', seat: 1, cell: 8, scores: [0, 1] } });
  assert.deepEqual([room.predicted.cells[0], room.predicted.cells[8]], [0, 1]);
});

test('while a wrong state is being replaced, a room shows the last good one', async () => {
  const { socket, room } = await joined(5);
  socket.say({ ...eventMessage(6), event: { kind: 'captured', player: 'p2', seat: 1, cell: 0, scores: [0, 1] } });
  assert.deepEqual([room.seq, room.state], [5, stateAt(5)]);
});

test('a promise that waits for the state of a room rejects when the state cannot come', async () => {
  const entering = async (bench: Bench) => {
    const socket = await bench.open();
    const failure = rejection(bench.client.join(GAME));
    socket.say(ack(socket, 'join', 4));
    await settle();
    return { socket, failure };
  };
  const closed = new Bench();
  const first = await entering(closed);
  closed.client.close();
  assert.equal((await first.failure).code, 'closed');

  const second = await entering(new Bench());
  second.socket.say({ ...snapshotMessage(4), state: { cells: 'none' } as never });
  assert.equal((await second.failure).code, 'protocol_error');

  const left = new Bench();
  const third = await entering(left);
  const leaving = left.client.leave(GAME);
  third.socket.say({ type: 'ack', id: third.socket.request('leave').id, game: GAME });
  await leaving;
  assert.equal((await third.failure).code, 'not_a_player');

  const gone = new Bench();
  const fourth = await entering(gone);
  fourth.socket.end(1006);
  const next = await gone.reopen();
  next.say({ type: 'error', id: next.request('resume').id, code: 'game_not_found', message: 'It is gone.' });
  assert.equal((await fourth.failure).code, 'game_not_found');
});

test('a room type may be named where a room is entered', async () => {
  const { client, socket } = await untyped();
  const entering = client.join(grid, GAME);
  socket.say(ack(socket, 'join', 4), snapshotMessage(4));
  const room = await entering;
  socket.say(eventMessage(5));
  const cells: readonly number[] = room.state.cells;
  assert.deepEqual(cells, stateAt(5).cells);
  void room.send(capture(1)).catch(() => undefined);
  assert.equal(room.predicted.cells[1], 0);

  const made = client.create(counter, { step: 2 });
  const { id: _, ...request } = socket.request('create');
  assert.deepEqual(request, { type: 'create', step: 2 });
  const state = { step: 2, value: 0, players: [PLAYER] };
  const place = { game: 'GHJKLM', epoch: EPOCH, seq: 2 };
  socket.say(ack(socket, 'create', 2, 'GHJKLM'), { type: 'snapshot', ...place, now: 1, state });
  const typed: Room<typeof counter> = await made;
  assert.equal(typed.state.value, 0);
});

test('a state from before the room type was named is requested again', async () => {
  const { client, socket } = await untyped();
  const entering = client.join(GAME);
  socket.say(ack(socket, 'join', 3), snapshotMessage(3));
  await entering;
  socket.say(eventMessage(4));
  const again = client.join(grid, GAME);
  socket.say(ack(socket, 'join', 4), snapshotMessage(4), eventMessage(5));
  assert.deepEqual((await again).state, stateAt(5));
});

test('without a room type events come as they are, and the state is that of the newest snapshot', async () => {
  const { client, socket } = await untyped();
  const entering = client.join(GAME);
  socket.say(ack(socket, 'join', 4), snapshotMessage(4));
  const room: Room<AnyRoomType> = await entering;
  const seen: unknown[] = [];
  room.on('event', ({ event }) => seen.push(event.kind));
  socket.say(eventMessage(5));
  void room.send({ kind: 'capture', cell: 1 }).catch(() => undefined);
  assert.deepEqual([seen, room.seq, room.members], [['captured'], 5, []]);
  assert.deepEqual([room.state, room.predicted], [stateAt(4), stateAt(4)]);
});

test('without a room type a reload requests a snapshot, because events alone make no state', async () => {
  const { client, socket, store } = await untyped();
  void client.join(GAME);
  socket.say(ack(socket, 'join', 4), snapshotMessage(4));
  const after = await untyped(store);
  const { id, epoch } = after.socket.request('resume');
  assert.notEqual(epoch, EPOCH);
  after.socket.say(
    { type: 'ack', id, game: GAME, epoch: EPOCH, seq: 4, recovered: false },
    snapshotMessage(4, EPOCH, false),
  );
  assert.deepEqual(after.client.room(GAME)?.state, stateAt(4));
});
