import assert from 'node:assert/strict';
import { test } from 'node:test';
import { socketsAfter, socketsOf, tablesOf } from './plan.ts';

const plan = { sockets: 1003, vus: 20, steps: 8, playing: 0.1, game: { players: 4, size: 9, seconds: 30 } };
const users = Array.from({ length: plan.vus }, (_, index) => index + 1);

test('all sockets are there after the last step, and no step takes one away', () => {
  assert.equal(socketsAfter(plan, plan.steps), 1003);
  for (const vu of users) {
    const steps = Array.from({ length: 9 }, (_, taken) => socketsOf(plan, vu, taken));
    assert.deepEqual(
      steps,
      steps.toSorted((a, b) => a - b),
    );
  }
});
test('the tables of all seat the share of those who play', () => {
  const tables = users.reduce((sum, vu) => sum + tablesOf(plan, vu, plan.steps), 0);
  assert.equal(tables, Math.round((1003 * 0.1) / 4));
});
test('somebody plays from the first step on', () => {
  assert.equal(tablesOf({ ...plan, playing: 0 }, 1, 1), 1);
});
