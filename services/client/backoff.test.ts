import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from './backoff.ts';
import { seededRandom } from './testing/random.ts';

test('each delay is random between 0 and a bound that doubles up to the cap', () => {
  const random = seededRandom(7);
  for (let run = 0; run < 200; run++) {
    const backoff = new Backoff(random, 250, 10_000);
    for (const ceiling of [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]) {
      const delay = backoff.next();
      assert.ok(delay >= 0 && delay < ceiling, `${delay} of ${ceiling}`);
    }
  }
});

test('the jitter is full: delays are spread evenly over the whole range', () => {
  const random = seededRandom(11);
  const tenths = new Array<number>(10).fill(0);
  for (let run = 0; run < 10_000; run++) {
    const tenth = Math.floor(new Backoff(random, 250, 10_000).next() / 25);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  for (const count of tenths) assert.ok(count > 850 && count < 1150, `1000 of each are expected: ${tenths.join(' ')}`);
});

test('a server over its capacity makes the next delay four times as long', () => {
  const backoff = new Backoff(() => 0.5, 250, 10_000);
  backoff.penalise();
  assert.equal(backoff.next(), 500);
});
