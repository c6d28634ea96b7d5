import assert from 'node:assert/strict';
import { test } from 'node:test';
import { highest } from './episode.ts';

const upTo =
  (limit: number, tried: number[] = []) =>
  async (rate: number) => {
    tried.push(Math.round(rate));
    return rate <= limit;
  };

test('the highest rate that passes is found within a short stride', async () => {
  for (const limit of [1000, 1300, 4711, 9000]) {
    const found = await highest(1000, 100_000, upTo(limit));
    assert.ok(found <= limit && found * 1.15 > limit, `${found} of ${limit}`);
  }
});

test('a system that fails at the first rate has none', async () => {
  assert.equal(await highest(1000, 100_000, upTo(999)), 0);
});

test('a step that fails once is tried again', async () => {
  let hiccups = 1;
  const found = await highest(1000, 5000, async (rate) => rate < 4000 && (rate < 2000 || hiccups-- <= 0));
  assert.ok(found > 3000, String(found));
});

test('where nothing breaks, the search ends at the maximum', async () => {
  const tried: number[] = [];
  const found = await highest(1000, 2000, upTo(Infinity, tried));
  assert.deepEqual([found, tried], [1500, [1000, 1500]]);
});
