import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { browserLimit, leafDuration, lifetimesOf } from './lifetimes.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** Lifetimes of three levels that fit, of minutes to decades. */
const tables = fc
  .tuple(
    fc.integer({ min: 11, max: 90 * 1440 }),
    fc.integer({ min: 1, max: 400 * 1440 }),
    fc.integer({ min: 1, max: 20 * 365 * 1440 }),
  )
  .map(([leaf, more, most]) => {
    const [short, middle] = [leaf * minute, (leaf + more) * minute];
    return lifetimesOf({ leaf: short, intermediate: middle, root: middle + most * minute });
  });
const moments = fc.date({ min: new Date('2026-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });

test('whatever the configuration, a child lives no longer than its parent has left when it is renewed', () => {
  fc.assert(
    fc.property(tables, moments, fc.option(fc.integer({ min: 11, max: 900 * 1440 })), (table, now, asked) => {
      assert.ok(table.intermediate.duration <= table.root.renewBefore);
      assert.ok(table.leaf.duration <= table.intermediate.renewBefore);
      const { duration, shortenedFrom } = leafDuration(asked === null ? undefined : asked * minute, table, now);
      assert.ok(duration <= table.intermediate.renewBefore && duration <= 30 * day && duration <= browserLimit(now));
      if (shortenedFrom === undefined) assert.equal(duration, asked === null ? table.leaf.duration : asked * minute);
      else assert.ok(shortenedFrom > duration);
    }),
  );
});

test('browsers accept 398, 200, 100 and 47 days, by the date of issue', () => {
  const days = (date: string) => browserLimit(new Date(date)) / day;
  assert.deepEqual(
    ['2026-03-14', '2026-03-15', '2027-03-14', '2027-03-15', '2029-03-14', '2029-03-15'].map(days),
    [398, 200, 200, 100, 100, 47],
  );
});
