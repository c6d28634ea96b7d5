import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { capacityFor, type Measured } from './model.ts';
import { DEFAULTS, planOf } from './plan-numbers.ts';
import { describeCheck, describePlan } from './report.ts';

const measured = JSON.parse(readFileSync(path.join(import.meta.dirname, 'measured.json'), 'utf8')) as Measured;

test('the stored figures give a plan, with its assumptions', () => {
  const plan = planOf(DEFAULTS);
  const text = describePlan(measured, plan, capacityFor(measured, plan));
  assert.match(text, /^100,000 players, 50 % in 12,500 games: 25,000 moves and 100,000 deliveries a second/);
  assert.match(text, /replicas +\d+ .*\n.*edge instances +\d+ .*\n.*Redis shards +\d+ /);
  assert.match(text, /a month +\$[\d,]+ /);
  assert.match(text, /Assumed:\n.*as measured \d{4}-\d\d-\d\d at \w+/);
  assert.doesNotMatch(text, /NaN|undefined|Infinity/);
});

test('a prediction that is a quarter off or more fails the check', () => {
  const eventsPerSecond = 5000;
  const at = (factor: number) => {
    const cost = (tier: 'replicas' | 'redis' | 'edge') =>
      factor * (measured.cpu[tier].idlePerSecond + eventsPerSecond * measured.cpu[tier].perEvent);
    return describeCheck(measured, {
      players: 800,
      eventsPerSecond,
      p99: 1,
      cpu: { replicas: cost('replicas'), redis: cost('redis'), edge: cost('edge') },
    });
  };
  assert.equal(at(1).isGood, true);
  assert.equal(at(1.2).isGood, true);
  assert.equal(at(1.3).isGood, false);
  assert.equal(at(0.7).isGood, false);
  assert.match(at(1.3).text, /\+30 %/);
});
