import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moveAt, timesOf } from './counter.ts';

test('the number that a move adds identifies it, even if it is lost, early or repeated', () => {
  for (let next = 9; next < 60; next += 1) {
    for (let index = next - 9; index <= next + 9; index += 1) {
      assert.equal(moveAt(next, timesOf(index)), index, `expected ${next}`);
    }
  }
});

test('a move adds what the application allows', () => {
  for (let index = 0; index < 40; index += 1) assert.ok(Math.abs(timesOf(index)) <= 9);
});
