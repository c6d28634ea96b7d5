import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columns, niceCeiling } from './chart-data.ts';

const SPAN = { now: 10_000, spanMs: 10_000, gapMs: 3500 };

test('points before the span, or later than now, are not drawn', () => {
  const points = [0, 1000, 10_000, 11_000].map((at) => ({ at, value: at }));
  assert.deepEqual(columns(points, { ...SPAN, gapMs: 60_000 }), [
    [1, 10],
    [1000, 10_000],
  ]);
});

test('a line is interrupted where reports are missing for long, and where there was nothing to measure', () => {
  const points = [
    { at: 1000, value: 1 },
    { at: 2000, value: null },
    { at: 3000, value: 3 },
    { at: 8000, value: 4 },
  ];
  assert.deepEqual(columns(points, SPAN), [
    [1, 2, 3, 4.75, 8],
    [1, null, 3, null, 4],
  ]);
});

test('a scale ends at a round number', () => {
  assert.deepEqual([0, 0.3, 1, 3, 7, 20, 21, 1000].map(niceCeiling), [1, 0.5, 1, 5, 10, 20, 50, 1000]);
});
