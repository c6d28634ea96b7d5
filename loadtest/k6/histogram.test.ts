import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketOf, Histogram, millisecondsOf } from './histogram.ts';

test('a bucket is exact below 64 ms and at most 2.2 % wide beyond', () => {
  for (let ms = 0; ms < 64; ms++) assert.equal(millisecondsOf(bucketOf(ms)), ms);
  for (const ms of [64, 100, 999, 12_345, 600_000]) {
    const least = millisecondsOf(bucketOf(ms));
    assert.ok(least <= ms && ms / least < 1.023, `${ms} falls into ${least}`);
  }
});

test('merged histograms give the percentiles of all samples', () => {
  const [one, other] = [new Histogram(), new Histogram()];
  for (let ms = 1; ms <= 60; ms++) (ms % 2 === 0 ? one : other).add(ms);
  const all = new Histogram();
  all.addAll(one.take());
  all.merge(other);
  assert.deepEqual([all.total, all.percentile(0.5), all.percentile(0.99), all.percentile(1)], [60, 30, 60, 60]);
  assert.equal(one.total, 0);
});

test('without samples there is no percentile', () => {
  assert.ok(Number.isNaN(new Histogram().percentile(0.99)));
});
