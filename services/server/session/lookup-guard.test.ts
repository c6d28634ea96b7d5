import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Lookup, LookupGuard } from './lookup-guard.ts';

let guard: LookupGuard;
afterEach(() => guard.stop());

let now = 0;
function guardWith(missesPerMinute: number, miss: (address: string) => Promise<number> = async () => 0): LookupGuard {
  now = 0;
  guard = new LookupGuard({ missesPerMinute, rates: { miss }, now: () => now });
  return guard;
}
const begun = (address = 'a'): Lookup => {
  const lookup = guard.begin(address);
  assert.equal(typeof lookup, 'object', 'the look-up may begin');
  return lookup as Lookup;
};

test('an address that finds what it looks for never waits', () => {
  guardWith(4);
  for (let count = 0; count < 1000; count += 1) begun().found();
});

test('an address that missed as often as it may waits until it gains one', () => {
  guardWith(4);
  for (let count = 0; count < 4; count += 1) begun().missed();
  assert.equal(guard.begin('a'), 15_000);
  begun('b').missed();
  now = 15_000;
  begun().missed();
  assert.equal(guard.begin('a'), 15_000);
});

test('once half is missed, look-ups that are under way count until they are found', () => {
  guardWith(4);
  for (let count = 0; count < 3; count += 1) begun().missed();
  const last = begun();
  assert.equal(typeof guard.begin('a'), 'number');
  last.found();
  begun().found();
});

test('misses that other replicas counted hold here as well', async () => {
  guardWith(4, async () => 7000);
  begun().missed();
  await nextTurn();
  assert.equal(guard.begin('a'), 7000);
  now = 7000;
  begun();
});

test('without Redis a replica counts for itself', async () => {
  guardWith(2, () => Promise.reject(new Error('away')));
  begun().missed();
  begun().missed();
  await nextTurn();
  assert.equal(guard.begin('a'), 30_000);
});
