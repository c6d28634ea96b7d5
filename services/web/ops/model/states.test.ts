import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplicaNow, ReplicaState } from '../../../protocol/operations.ts';
import { changesText, totals } from './states.ts';

const now = (replica: string, state: ReplicaState, change: Partial<ReplicaNow> = {}): ReplicaNow => ({
  replica,
  state,
  at: 1,
  startedAt: 0,
  memory: 1,
  sockets: 10,
  games: 1,
  events: 5,
  moves: 2,
  p99: 3,
  ...change,
});

test('who is silent or gone counts for nothing but the number of replicas', () => {
  const all = [now('a', 'ready'), now('b', 'draining', { p99: 8 }), now('c', 'stale', { p99: 99 }), now('d', 'gone')];
  assert.deepEqual(totals(all), { sockets: 20, events: 10, moves: 4, p99: 8, ready: 1, all: 4 });
  assert.equal(totals([now('a', 'ready', { p99: null })]).p99, null);
});

test('who has left is not missed', () => {
  const { ready, all } = totals([now('a', 'ready'), now('b', 'left', { p99: 99 })]);
  assert.deepEqual([ready, all], [1, 1]);
});

test('what is said aloud is who changed, not the figures', () => {
  const before = [now('a', 'ready'), now('b', 'ready')];
  const after = [now('a', 'ready', { sockets: 99 }), now('b', 'gone'), now('c', 'ready')];
  assert.equal(changesText(before, after), 'Replica b: Gone. Replica c: Ready.');
  assert.equal(changesText([], before), '', 'the first look is no change');
});
