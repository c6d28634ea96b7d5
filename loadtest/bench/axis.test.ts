import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apart, decades, linear } from './axis.ts';

test('a logarithmic axis has ticks at ones, twos and fives around the values', () => {
  assert.deepEqual(decades(1.3, 430).ticks, [1, 2, 5, 10, 20, 50, 100, 200, 500]);
  assert.deepEqual(decades(2, 5).ticks, [2, 5]);
  const { at } = decades(0.4, 3000);
  assert.ok(at(0.4) >= 0 && at(3000) <= 1 && at(10) < at(100));
});

test('an axis of a single value still has two ends', () => {
  for (const value of [0.2, 1, 7, 5000]) {
    const { ticks, at } = decades(value, value);
    assert.ok(ticks.length >= 2 && Number.isFinite(at(value)), `${value}: ${ticks.join()}`);
  }
});

test('numbers of an axis that would overlap are left out, except the last one', () => {
  assert.deepEqual(
    apart([1, 2, 3, 10, 20], (tick) => tick, 5),
    [3, 10, 20],
  );
});

test('a linear axis begins at zero and ends at a round number', () => {
  assert.deepEqual(linear(117).ticks, [0, 50, 100, 150]);
  assert.deepEqual([linear(8).at(0), linear(8).at(8)], [0, 1]);
});
