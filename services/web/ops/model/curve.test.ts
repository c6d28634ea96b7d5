import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curve, niceCeiling } from './curve.ts';

const frame = { width: 300, height: 44, now: 300_000, spanMs: 300_000, max: 10 };
const at = (seconds: number, value: number | null) => ({ at: seconds * 1000, value });

test('the newest point is at the right edge, zero at the bottom, the highest value at the top', () => {
  const { line, area } = curve([at(298, 0), at(299, 5), at(300, 10)], frame);
  assert.equal(line, 'M298 42L299 22L300 2');
  assert.equal(area, 'M298 44L298 42L299 22L300 2L300 44Z');
});

test('where nothing was heard or nothing happened, nothing is drawn', () => {
  const points = [at(100, 1), at(101, 1), at(110, 1), at(111, 1), at(112, null), at(113, 1), at(114, 1)];
  const { line } = curve(points, frame);
  assert.equal(line.match(/M/g)?.length, 3);
});

test('what is older than the span is left out, and a single point is still seen', () => {
  assert.deepEqual(curve([at(-1, 5)], frame), { line: '', area: '' });
  assert.equal(curve([at(150, 5)], frame).line, 'M150 22h0.1');
  assert.doesNotMatch(curve([at(150, 0), at(151, 0)], { ...frame, max: 0 }).line, /NaN/);
});

test('the scale ends at a round number that is not below the highest value', () => {
  const rounded = [0, 1, 1.1, 2, 3, 7, 10, 99, 1234, 0.3].map(niceCeiling);
  assert.deepEqual(rounded, [1, 1, 2, 2, 5, 10, 10, 100, 2000, 0.5]);
});
