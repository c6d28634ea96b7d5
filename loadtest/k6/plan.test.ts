import assert from 'node:assert/strict';
import { test } from 'node:test';
import { socketsAfter, socketsOf, tablesOf } from './plan.ts';

const plan = { sockets: 1003, vus: 20, steps: 8, playing: 0.1, game: { players: 4, size: 9, seconds: 30 } };
const users = Array.from({ length: plan.vus }, (_, index) => index + 1);

test('all sockets exist after the last step, and no step removes one', () => {
  assert.equal(socketsAfter(plan, plan.steps), 1003);
  for (const vu of users) {
    const steps = Array.from({ length: 9 }, (_, taken) => socketsOf(plan, vu, taken));
    assert.deepEqual(
      steps,
      steps.toSorted((a, b) => a - b),
    );
  }
});
test('the tables of all virtual users seat the share of active players', () => {
  const tables = users.reduce((sum, vu) => sum + tablesOf(plan, vu, plan.steps), 0);
  assert.equal(tables, Math.round((1003 * 0.1) / 4));
});
test('some players are active from the first step on', () => {
  assert.equal(tablesOf({ ...plan, playing: 0 }, 1, 1), 1);
});
