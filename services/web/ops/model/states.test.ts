import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplicaNow, ReplicaState } from '../../../protocol/operations.ts';
import { certificateLevel, changesText, roleOf, shareLeft, totals } from './states.ts';

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

test('a silent or gone replica counts only in the number of replicas', () => {
  const all = [now('a', 'ready'), now('b', 'draining', { p99: 8 }), now('c', 'stale', { p99: 99 }), now('d', 'gone')];
  assert.deepEqual(totals(all), { sockets: 20, events: 10, moves: 4, p99: 8, ready: 1, all: 4 });
  assert.equal(totals([now('a', 'ready', { p99: null })]).p99, null);
});

test('a replica that has left does not count', () => {
  const { ready, all } = totals([now('a', 'ready'), now('b', 'left', { p99: 99 })]);
  assert.deepEqual([ready, all], [1, 1]);
});

test('only changes of state are announced, not the figures', () => {
  const before = [now('a', 'ready'), now('b', 'ready')];
  const after = [now('a', 'ready', { sockets: 99 }), now('b', 'gone'), now('c', 'ready')];
  assert.equal(changesText(before, after), 'Replica b: Gone. Replica c: Ready.');
  assert.equal(changesText([], before), '', 'the first report is not a change');
});

const day = 86_400_000;
const certificate = { subject: 'localhost', issuer: 'intermediate', names: [], notBefore: 0, notAfter: 8 * day };

test('a certificate in the last quarter of its life is late, and one outside its life is bad', () => {
  const levels = [0, 5.9 * day, 6.1 * day, 8 * day, -1].map((now) => certificateLevel(certificate, now));
  assert.deepEqual(levels, ['good', 'good', 'warn', 'bad', 'bad']);
  assert.deepEqual(
    [-1, 4 * day, 9 * day].map((now) => shareLeft(certificate, now)),
    [1, 0.5, 0],
  );
});

test('a chain begins with the leaf and ends, where it is known, with a root', () => {
  const by = (subject: string, issuer: string) => ({ ...certificate, subject, issuer });
  const chain = [certificate, by('intermediate', 'root'), by('root', 'root')];
  assert.deepEqual(
    chain.map((_, index) => roleOf(chain, index)),
    ['Leaf', 'Intermediate', 'Root'],
  );
});
