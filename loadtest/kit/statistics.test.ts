import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latencyOf, lineThrough, pairedP99Ratio, percentile, ratioOf, spreadOf } from './statistics.ts';

test('percentiles are by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  assert.deepEqual(
    [0.5, 0.95, 0.99, 1].map((share) => percentile(hundred, share)),
    [50, 95, 99, 100],
  );
  assert.equal(percentile([7], 0.99), 7);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});

test('a spread is the median with its ends, and a ratio lies between the worst and the best of both', () => {
  assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, least: 1, most: 3, of: 3 });
  assert.deepEqual(spreadOf([1, Number.NaN, 3]), { median: 2, least: 1, most: 3, of: 2 });
  assert.equal(spreadOf([]), undefined);
  const [ours, theirs] = [spreadOf([10, 20])!, spreadOf([20, 40])!];
  assert.deepEqual(ratioOf(ours, theirs), { median: 0.5, least: 0.25, most: 1, of: 2 });
});

const upTo = (last: number, times = 1) => Array.from({ length: last }, (_, index) => (index + 1) * times);

test('a percentile is a value that was measured', () => {
  assert.deepEqual(latencyOf(upTo(200).reverse()), { moves: 200, p50: 100, p99: 198, max: 200 });
  assert.deepEqual(latencyOf([7]), { moves: 1, p50: 7, p99: 7, max: 7 });
});

test('the ratio of runs without a difference is 1, and its interval says so', () => {
  const pairs = Array.from({ length: 10 }, () => ({ quiet: upTo(100), tested: upTo(100) }));
  assert.deepEqual(pairedP99Ratio(pairs), { ratio: 1, low: 1, high: 1 });
});

test('the ratio shows that moves became slower, and the interval how much the stretches differ', () => {
  const pairs = [2, 2, 2, 4, 4, 4].map((factor) => ({ quiet: upTo(100), tested: upTo(100, factor) }));
  const { ratio, low, high } = pairedP99Ratio(pairs);
  assert.ok(ratio > 3 && ratio <= 4, String(ratio));
  assert.ok(low < high && low >= 2 && high <= 4, `${low} ${high}`);
});

test('a line is fitted to points, and a line with a negative intercept goes through the origin', () => {
  const { start, slope } = lineThrough([
    [1, 12],
    [2, 14],
    [3, 16],
  ]);
  assert.ok(Math.abs(start - 10) < 1e-9 && Math.abs(slope - 2) < 1e-9);
  assert.deepEqual(
    lineThrough([
      [1, 1],
      [2, 4],
    ]).start,
    0,
  );
});
