import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DAY_MS, later } from '../testing/fixtures.ts';
import {
  BACKDATE_MS,
  browserLimit,
  isDue,
  type Lifetimes,
  leafDuration,
  lifetimes,
  lifetimesOf,
  validityFrom,
} from './lifetimes.ts';

const MINUTE_MS = 60_000;

const start = new Date('2026-01-01T00:00:00.123Z');

const tables: fc.Arbitrary<Lifetimes> = fc
  .uniqueArray(fc.integer({ min: BACKDATE_MS + 1000, max: 4000 * DAY_MS }), { minLength: 3, maxLength: 3 })
  .map((durations) => durations.sort((a, b) => b - a))
  .filter(([root = 0, intermediate = 0, leaf = 0]) => root - intermediate > 2000 && intermediate - leaf > 2000)
  .map(([root = 0, intermediate = 0, leaf = 0]) => lifetimesOf({ root, intermediate, leaf }));

function holds(table: Lifetimes): boolean {
  return table.intermediate.duration <= table.root.renewBefore && table.leaf.duration <= table.intermediate.renewBefore;
}

test('the configured lifetimes are ten years, ninety days and seven days', () => {
  const days = Object.values(lifetimes).map(({ duration }) => duration / DAY_MS);
  assert.deepEqual(days, [3650, 90, 7]);
});

test('no configured child lives longer than its parent is kept after renewal begins', () => {
  assert.ok(holds(lifetimes));
});

test('no child lives longer than its parent is kept after renewal begins, whatever the durations', () => {
  fc.assert(fc.property(tables, holds));
});

test('a leaf of a parent that is not yet due is never cut short by the end of its parent', () => {
  fc.assert(
    fc.property(tables, fc.double({ min: 0, max: 1, noNaN: true }), (table, fraction) => {
      const root = validityFrom(start, table.root.duration);
      const intermediate = validityFrom(start, table.intermediate.duration, root);
      const now = later(fraction * table.intermediate.duration, start);
      fc.pre(!isDue('intermediate', intermediate, root, now, table));
      const leaf = validityFrom(now, table.leaf.duration, intermediate);
      const uncapped = validityFrom(now, table.leaf.duration);
      return leaf.notAfter.getTime() === uncapped.notAfter.getTime() && leaf.notAfter <= intermediate.notAfter;
    }),
  );
});

test('a certificate never begins before its issuer nor outlives it', () => {
  fc.assert(
    fc.property(tables, fc.integer({ min: 0, max: 4000 * DAY_MS }), (table, age) => {
      const root = validityFrom(start, table.root.duration);
      const { notBefore, notAfter } = validityFrom(later(age, start), table.intermediate.duration, root);
      return notBefore >= root.notBefore && notAfter <= root.notAfter;
    }),
  );
});

test('a leaf is due after two thirds of its lifetime and not before', () => {
  const root = validityFrom(start, lifetimes.root.duration);
  const leaf = validityFrom(start, lifetimes.leaf.duration, root);
  const twoThirds = ((leaf.notAfter.getTime() - leaf.notBefore.getTime()) * 2) / 3;
  assert.equal(isDue('leaf', leaf, root, later(twoThirds - 1000, leaf.notBefore)), false);
  assert.equal(isDue('leaf', leaf, root, later(twoThirds + 1000, leaf.notBefore)), true);
});

test('an intermediate is due once less than a leaf lifetime is left of it', () => {
  const root = validityFrom(start, lifetimes.root.duration);
  const intermediate = validityFrom(start, lifetimes.intermediate.duration, root);
  assert.equal(isDue('intermediate', intermediate, root, later(-7 * DAY_MS, intermediate.notAfter)), false);
  assert.equal(isDue('intermediate', intermediate, root, later(-7 * DAY_MS + 1000, intermediate.notAfter)), true);
});

test('an intermediate that ends with its root is not made again and again', () => {
  const root = validityFrom(start, 100 * DAY_MS);
  const intermediate = validityFrom(later(95 * DAY_MS, start), lifetimes.intermediate.duration, root);
  assert.equal(isDue('intermediate', intermediate, root, later(96 * DAY_MS, start)), false);
});

test('lifetimes in which a child lives as long as its parent are refused', () => {
  assert.throws(() => lifetimesOf({ root: 10 * DAY_MS, intermediate: 10 * DAY_MS, leaf: DAY_MS }), {
    code: 'invalid_lifetimes',
  });
  assert.throws(() => lifetimesOf({ root: 10 * DAY_MS, intermediate: 5 * DAY_MS, leaf: BACKDATE_MS }), {
    code: 'invalid_lifetimes',
  });
});

/** Lifetimes of three levels that fit, of minutes to decades. */
const wholeMinutes = fc
  .tuple(
    fc.integer({ min: 11, max: 90 * 1440 }),
    fc.integer({ min: 1, max: 400 * 1440 }),
    fc.integer({ min: 1, max: 20 * 365 * 1440 }),
  )
  .map(([leaf, more, most]) => {
    const [short, middle] = [leaf * MINUTE_MS, (leaf + more) * MINUTE_MS];
    return lifetimesOf({ leaf: short, intermediate: middle, root: middle + most * MINUTE_MS });
  });
const moments = fc.date({ min: new Date('2026-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });

test('whatever the configuration, a child lives no longer than its parent has left when it is renewed', () => {
  fc.assert(
    fc.property(wholeMinutes, moments, fc.option(fc.integer({ min: 11, max: 900 * 1440 })), (table, now, asked) => {
      assert.ok(table.intermediate.duration <= table.root.renewBefore);
      assert.ok(table.leaf.duration <= table.intermediate.renewBefore);
      const { duration, shortenedFrom } = leafDuration(asked === null ? undefined : asked * MINUTE_MS, table, now);
      assert.ok(duration <= table.intermediate.renewBefore && duration <= 30 * DAY_MS && duration <= browserLimit(now));
      if (shortenedFrom === undefined) assert.equal(duration, asked === null ? table.leaf.duration : asked * MINUTE_MS);
      else assert.ok(shortenedFrom > duration);
    }),
  );
});

test('browsers accept 398, 200, 100 and 47 days, by the date of issue', () => {
  const days = (date: string) => browserLimit(new Date(date)) / DAY_MS;
  assert.deepEqual(
    ['2026-03-14', '2026-03-15', '2027-03-14', '2027-03-15', '2029-03-14', '2029-03-15'].map(days),
    [398, 200, 200, 100, 100, 47],
  );
});
