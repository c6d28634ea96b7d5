import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counter } from '../apps/counter/counter.ts';
import { capture, type GameState } from '../apps/grid/grid.ts';
import type { GameView } from './game-projection.ts';
import { Predictions } from './predictions.ts';
import { settle } from './testing/fake-clock.ts';
import { Bench, rejection } from './testing/fake-network.ts';
import { EPOCH, eventMessage, GAME, snapshotMessage, stateAt } from './testing/history.ts';

/** A client that is in the game, whose newest event is the fourth. */
async function joined() {
  const bench = new Bench();
  const socket = await bench.open();
  const seated = bench.client.join(GAME);
  socket.say({ type: 'ack', id: socket.request('join').id, game: GAME, epoch: EPOCH, seq: 4 }, snapshotMessage(4));
  return { bench, socket, room: await seated };
}

const holderOf = (state: unknown, cell: number) => (state as GameState).cells[cell];

test('a command shows at once, and the state itself waits for the server', async () => {
  const { room } = await joined();
  void room.send(capture(0)).catch(() => undefined);
  assert.equal(holderOf(room.predicted, 0), 0);
  assert.equal(holderOf(room.state, 0), -1);
});

test('the effect of a refused command is taken back', async () => {
  const { socket, room } = await joined();
  const refused = rejection(room.send(capture(0)));
  const { id } = socket.request('capture');
  socket.say({ type: 'error', id, code: 'cell_taken', message: 'Taken.' });
  await refused;
  assert.deepEqual(room.predicted, stateAt(4));
});

test('a command is predicted until its event arrives, whether answer or event comes first', async () => {
  for (const order of ['ack first', 'event first']) {
    const { socket, room } = await joined();
    const granted = room.send(capture(0));
    const ack = { type: 'ack', id: socket.request('capture').id, game: GAME, epoch: EPOCH, seq: 5 } as const;
    const messages = [ack, eventMessage(5)];
    for (const message of order === 'ack first' ? messages : messages.reverse()) {
      socket.say(message);
      assert.equal(holderOf(room.predicted, 0), 0, order);
    }
    await granted;
    assert.deepEqual(room.predicted, stateAt(5), order);
  }
});

test('commands are predicted one after the other, as the server will take them', async () => {
  const { room } = await joined();
  for (const cell of [0, 1, 1]) void room.send(capture(cell)).catch(() => undefined);
  const { players } = room.predicted;
  assert.deepEqual(
    players.map(({ score }) => score),
    [2, 0],
  );
});

test('each change of the prediction is emitted', async () => {
  const { socket, room } = await joined();
  const seen: (number | undefined)[] = [];
  room.on('change', () => seen.push(holderOf(room.predicted, 0)));
  const refused = rejection(room.send(capture(0)));
  const { id } = socket.request('capture');
  socket.say({ type: 'error', id, code: 'cell_taken', message: 'Taken.' });
  await refused;
  await settle();
  assert.deepEqual(seen, [0, -1]);
});

test('a client that is closed predicts nothing any more', async () => {
  const { bench, room } = await joined();
  const closed = rejection(room.send(capture(0)));
  bench.client.close();
  await closed;
  assert.equal(holderOf(room.predicted, 0), -1);
});

test('a command that is granted counts once, whatever the application', () => {
  const player = { id: 'ada', name: 'Ada' };
  let view: GameView = { game: GAME, epoch: EPOCH, seq: 2, state: { step: 1, value: 0, players: [player] } };
  const predictions = new Predictions({
    type: () => counter,
    view: () => view,
    player: () => player,
    now: () => 0,
    onChange: () => {},
  });
  const predicted = () => (predictions.state(GAME) as { value: number }).value;
  const prediction = predictions.add(GAME, { kind: 'add', times: 3 });
  assert.equal(predicted(), 3);
  predictions.grant(prediction, { type: 'ack', id: 'a', game: GAME, epoch: EPOCH, seq: 3 });
  assert.equal(predicted(), 3, 'its event has not arrived yet');
  view = { ...view, seq: 3, state: { step: 1, value: 3, players: [player] } };
  predictions.follow(GAME);
  assert.equal(predicted(), 3, 'its event has arrived');
});

test('a command that was granted in an earlier epoch is no longer predicted', () => {
  const player = { id: 'ada', name: 'Ada' };
  const state = { step: 1, value: 0, players: [player] };
  const predictions = new Predictions({
    type: () => counter,
    view: () => ({ game: GAME, epoch: 'another', seq: 2, state }),
    player: () => player,
    now: () => 0,
    onChange: () => {},
  });
  predictions.grant(predictions.add(GAME, { kind: 'add', times: 3 }), {
    type: 'ack',
    id: 'a',
    game: GAME,
    epoch: EPOCH,
    seq: 3,
  });
  assert.deepEqual(predictions.state(GAME), state);
});
