import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplicaNow } from '../../../protocol/operations.ts';
import { History } from './history.ts';

const now = (replica: string, at: number, change: Partial<ReplicaNow> = {}): ReplicaNow => ({
  replica,
  at,
  state: 'ready',
  startedAt: 0,
  memory: 1,
  sockets: 1,
  games: 1,
  events: 1,
  moves: 1,
  p99: 1,
  ...change,
});

test('a replica without a new sample gets no new point', () => {
  const history = new History();
  history.add([now('a', 1000)], 1000);
  history.add([now('a', 1000, { state: 'stale' })], 5000);
  history.add([now('a', 6000)], 6000);
  assert.deepEqual(history.points('a', 'sockets'), [
    { at: 1000, value: 1 },
    { at: 6000, value: 1 },
  ]);
});

test('samples older than five minutes and replicas without reports are dropped', () => {
  const history = new History();
  history.reset({ a: [now('a', 0), now('a', 299_000)], b: [now('b', 299_000)] });
  history.add([now('a', 301_000)], 301_000);
  assert.deepEqual(
    history.points('a', 'sockets').map(({ at }) => at),
    [299_000, 301_000],
  );
  assert.deepEqual(history.points('b', 'sockets'), []);
});

test('the total of a second is the sum of all replicas, or the highest percentile', () => {
  const history = new History();
  history.reset({
    a: [now('a', 1010, { sockets: 3, p99: 5 }), now('a', 2010, { sockets: 4, p99: null })],
    b: [now('b', 1300, { sockets: 2, p99: 9 }), now('b', 2300, { sockets: 1, p99: null })],
  });
  assert.deepEqual(history.total('sockets'), [
    { at: 1000, value: 5 },
    { at: 2000, value: 5 },
  ]);
  assert.deepEqual(history.total('p99'), [
    { at: 1000, value: 9 },
    { at: 2000, value: null },
  ]);
  assert.equal(history.highest('sockets'), 4);
});
