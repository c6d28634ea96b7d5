import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planSteps } from './step.ts';

test('a run has as many steps of each kind as asked for, and one rollover in its order', () => {
  const steps = planSteps(200, 20);
  const count = (kind: string) => steps.filter((step) => step === kind).length;
  assert.deepEqual(['leaf', 'intermediate', 'accept', 'issue', 'retire'].map(count), [200, 20, 1, 1, 1]);
  const places = (['accept', 'issue', 'retire'] as const).map((step) => steps.indexOf(step));
  assert.deepEqual(places, [55, 111, 167]);
});

test('intermediates are spread over the run', () => {
  const places = planSteps(9, 3).flatMap((step, index) => (step === 'intermediate' ? [index] : []));
  assert.equal(places.length, 3);
  assert.ok(places[0]! > 1 && places[1]! - places[0]! > 2 && places[2]! - places[1]! > 2, places.join());
});

test('a run may consist of the rollover alone', () => {
  assert.deepEqual(planSteps(0, 0), ['accept', 'issue', 'retire']);
});
