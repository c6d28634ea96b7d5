import assert from 'node:assert/strict';
import { test } from 'node:test';
import { residentBytes, ShedTally } from './ops.ts';

test('what is sent away second by second is told once, when it is over', () => {
  const tally = new ShedTally();
  for (const second of [1, 2, 3]) {
    tally.add(1, 'mean', second * 1000);
    assert.deepEqual(tally.take(second * 1000 + 500), []);
  }
  assert.deepEqual(tally.take(8000), ['sent 3 sockets to replicas with fewer']);
  assert.deepEqual(tally.take(60_000), [], 'each is told once');
});

test('what does not end is told every half minute', () => {
  const tally = new ShedTally();
  const told = Array.from({ length: 70 }, (_, second) => {
    tally.add(2, 'mean', second * 1000);
    return tally.take(second * 1000);
  }).flat();
  assert.deepEqual(told, Array(2).fill('sent 62 sockets to replicas with fewer'));
});

test('each reason is a separate sentence, and one socket is singular', () => {
  const tally = new ShedTally();
  tally.add(1, 'moved', 0);
  tally.add(2, 'probe', 0);
  assert.deepEqual(tally.take(0, true), [
    'sent 1 socket after a game that is held elsewhere now',
    'sent 2 sockets to see where the edge sends their games now',
  ]);
});

test('when no descriptor is left to ask the system, its last answer counts', (t) => {
  const told = residentBytes();
  assert.ok(told > 1_000_000);
  t.mock.method(process.memoryUsage, 'rss', () => {
    throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
  });
  assert.equal(residentBytes(), told);
});
