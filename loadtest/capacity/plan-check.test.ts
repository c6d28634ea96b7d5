import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { capacityFor, type Measured } from './model.ts';
import { checkPlan } from './plan-check.ts';
import { DEFAULTS, planOf } from './plan-numbers.ts';
import { describePlan } from './report.ts';

const kept = JSON.parse(readFileSync(path.join(import.meta.dirname, 'measured.json'), 'utf8')) as Measured;
const measured: Measured = {
  ...kept,
  reached: {
    replica: { sockets: 5000, eventsPerSecond: 10_000 },
    edge: { sockets: 9000, eventsPerSecond: 20_000 },
    redis: { games: 1000, movesPerSecond: 4000 },
  },
};
const checksFor = (numbers: Partial<typeof DEFAULTS>) => {
  const plan = planOf({ ...DEFAULTS, ...numbers });
  return { plan, checks: checkPlan(measured, plan, capacityFor(measured, plan)) };
};

test('a plan gives each process its share of the whole, with one replica and one edge missing', () => {
  const { plan, checks } = checksFor({ players: 1_000_000 });
  const { processes, games, movesPerSecond } = capacityFor(measured, plan);
  const asked = Object.fromEntries(checks.map((check) => [`${check.process} ${check.what}`, check.asked]));
  assert.equal(asked['replica sockets'], 1_000_000 / (processes.replicas - 1));
  assert.equal(asked['edge sockets'], 1_000_000 / (processes.edge - 1));
  assert.equal(asked['Redis shard games'], games / processes.redis);
  assert.equal(asked['Redis shard moves a second'], movesPerSecond / processes.redis);
});

test('a faster core does more work, and holds the same number of sockets', () => {
  const [slow, fast] = [checksFor({ 'core-speed': 1 }), checksFor({ 'core-speed': 2 })].map(({ checks }) =>
    checks.map((check) => check.measured),
  );
  assert.deepEqual(
    fast!.map((value, index) => value / slow![index]!),
    [1, 2, 1, 2, 1, 2],
  );
});

test('the plan says which figures go beyond the measurements, and which do not', () => {
  const plan = planOf({ ...DEFAULTS, players: 1_000_000, 'sockets-per-replica': 10_000 });
  const text = describePlan(measured, plan, capacityFor(measured, plan));
  assert.match(text, /replica +sockets +10,000 +5,000 +2\.0 times as much as was measured/);
  const small = planOf({ ...DEFAULTS, players: 1000 });
  assert.match(
    describePlan(measured, small, capacityFor(measured, small)),
    /replica +sockets +1,000 +5,000 +measured\n/,
  );
});
