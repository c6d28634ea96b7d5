import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from './pace.ts';

/** The wait after so many a second for a second. */
function waitAt(perSecond: number, pace = new Pace({ msPerThousand: 10, mostMs: 40 }, 0), from = 0): number {
  for (let count = 1; count <= perSecond; count += 1) pace.count(from + (count * 1000) / perSecond);
  return pace.waitMs;
}

test('while little happens nothing waits', () => {
  assert.equal(new Pace({ msPerThousand: 10, mostMs: 40 }, 0).waitMs, 0);
  assert.equal(waitAt(100), 0);
});

test('the more comes, the longer the wait, up to a bound', () => {
  const [some, more, most] = [waitAt(1000), waitAt(2500), waitAt(50_000)];
  assert.ok(some > 7 && some < 11, String(some));
  assert.ok(more > 20 && more < 26, String(more));
  assert.equal(most, 40);
});

test('after a pause nothing waits again', () => {
  const pace = new Pace({ msPerThousand: 10, mostMs: 40 }, 0);
  waitAt(5000, pace);
  pace.count(20_000);
  assert.equal(pace.waitMs, 0);
});
