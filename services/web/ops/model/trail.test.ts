import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Trail } from './trail.ts';

test('a trail has the last five minutes, and the highest value of them', () => {
  const trail = new Trail();
  assert.equal(trail.highest, 0);
  trail.add(0, 100);
  trail.add(1000, null);
  trail.add(300_500, 7);
  assert.deepEqual(trail.points, [
    { at: 1000, value: null },
    { at: 300_500, value: 7 },
  ]);
  assert.equal(trail.highest, 7);
});
