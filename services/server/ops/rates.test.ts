import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Metrics } from './metrics.ts';
import { difference, quantile, Rates } from './rates.ts';

const buckets = (...counts: [number, number][]) => counts.map(([bound, count]) => ({ bound, count }));

test('a quantile lies in the bucket that its rank falls into, by linear interpolation', () => {
  const histogram = buckets([0.01, 0], [0.02, 100], [0.05, 100], [Infinity, 100]);
  assert.equal(quantile(histogram, 0.5), 0.015);
  assert.ok(Math.abs(quantile(histogram, 0.99)! - 0.0199) < 1e-9);
  assert.equal(quantile(buckets([0.01, 1], [Infinity, 100]), 0.99), 0.01, 'beyond the last bound there is only that');
  assert.equal(quantile(buckets([0.01, 0], [Infinity, 0]), 0.99), null);
  assert.equal(quantile([], 0.99), null);
});

test('the estimate is never outside the bucket of the true value', () => {
  const bounds = [1, 2, 5, 10, 25, 50, 100];
  const observed = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1 });
  fc.assert(
    fc.property(observed, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, q) => {
      const upTo = (bound: number) => values.filter((value) => value <= bound).length;
      const histogram = [...bounds, Infinity].map((bound) => ({ bound, count: upTo(bound) }));
      const sorted = values.toSorted((one, other) => one - other);
      const exact = sorted[Math.ceil(q * sorted.length - 1e-9) - 1]!;
      const upper = bounds.find((bound) => exact <= bound)!;
      const lower = bounds.findLast((bound) => bound < exact) ?? 0;
      const estimate = quantile(histogram, q)!;
      assert.ok(estimate >= lower - 1e-9 && estimate <= upper + 1e-9, `${estimate} for ${exact}`);
    }),
  );
});

test('what came between two readings is their difference', () => {
  assert.deepEqual(difference(buckets([1, 5], [2, 9]), buckets([1, 4], [2, 4])), buckets([1, 1], [2, 5]));
});

test('events and moves are those of the last second, the percentile that of the last ten', async () => {
  const metrics = new Metrics('1111');
  const rates = new Rates(metrics);
  await rates.read(0);
  assert.deepEqual([rates.events, rates.moves, rates.p99], [0, 0, null]);
  metrics.delivered.count('event', 30);
  metrics.delivered.count('message', 10);
  for (let move = 0; move < 20; move += 1) metrics.commandSeconds.observe(0.004);
  await rates.read(2000);
  assert.deepEqual([rates.events, rates.moves], [20, 10]);
  assert.ok(rates.p99! > 2.5 && rates.p99! <= 5, `${rates.p99} ms`);
  await rates.read(3000);
  assert.deepEqual([rates.events, rates.moves], [0, 0]);
  assert.notEqual(rates.p99, null);
  for (let second = 4; second < 14; second += 1) await rates.read(second * 1000);
  assert.equal(rates.p99, null, 'nothing moved in ten seconds');
});
