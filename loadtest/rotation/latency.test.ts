import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latencyOf, ratioOf } from './latency.ts';

const upTo = (last: number, times = 1) => Array.from({ length: last }, (_, index) => (index + 1) * times);

test('a percentile is a value that was measured', () => {
  assert.deepEqual(latencyOf(upTo(200).reverse()), { moves: 200, p50: 100, p99: 198, max: 200 });
  assert.deepEqual(latencyOf([7]), { moves: 1, p50: 7, p99: 7, max: 7 });
});

test('the ratio of runs without a difference is 1, and its interval says so', () => {
  const pairs = Array.from({ length: 10 }, () => ({ calm: upTo(100), rotating: upTo(100) }));
  assert.deepEqual(ratioOf(pairs), { ratio: 1, low: 1, high: 1 });
});

test('the ratio shows moves that became slower, and the interval how much the stretches differ', () => {
  const pairs = [2, 2, 2, 4, 4, 4].map((factor) => ({ calm: upTo(100), rotating: upTo(100, factor) }));
  const { ratio, low, high } = ratioOf(pairs);
  assert.ok(ratio > 3 && ratio <= 4, String(ratio));
  assert.ok(low < high && low >= 2 && high <= 4, `${low} ${high}`);
});
