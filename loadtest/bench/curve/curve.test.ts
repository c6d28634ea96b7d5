import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Episode } from '../episode.ts';
import { flow, result } from '../testing/results.ts';
import { climb } from './measure.ts';
import { curveParts, curvePicture } from './report.ts';

const CURVE = { deliveries: [1000, 2000, 4000, 8000], limitMs: 1000, enough: 0.95 };
/** A system that delivers up to a rate, and is slow beyond it. */
const bearing =
  (most: number, tried: number[] = []) =>
  async (deliveries: number) => {
    tried.push(deliveries);
    return flow(50, { deliveriesPerSecond: Math.min(deliveries, most), p99: deliveries > most ? 3000 : 5 });
  };

test('a system climbs to the first rate that it cannot keep up with, which is tried twice', async () => {
  const tried: number[] = [];
  const steps = await climb(CURVE, bearing(3000, tried));
  assert.deepEqual(
    steps.map(({ asked, keptUp }) => [asked, keptUp]),
    [
      [1000, true],
      [2000, true],
      [4000, false],
    ],
  );
  assert.deepEqual(tried, [1000, 2000, 4000, 4000]);
});

test('a rate fails when too little arrives in time, and when only the p99 is too high', async () => {
  const few = await climb(CURVE, async (asked) => flow(50, { deliveriesPerSecond: asked * 0.94 }));
  const slow = await climb(CURVE, async (asked) => flow(50, { deliveriesPerSecond: asked, p99: 1001 }));
  const none = await climb(CURVE, async (asked) => flow(50, { deliveriesPerSecond: asked, p99: Number.NaN }));
  for (const steps of [few, slow, none]) assert.deepEqual([steps.length, steps[0]!.keptUp], [1, false]);
});

test('a hiccup does not end the curve', async () => {
  let hiccups = 1;
  const steps = await climb(CURVE, (asked) => bearing(asked === 2000 && hiccups-- > 0 ? 1 : 9000)(asked));
  assert.equal(steps.length, CURVE.deliveries.length);
});

const episode = async (system: string, repetition: number, most: number): Promise<Episode> => ({
  system,
  repetition,
  curve: await climb({ ...CURVE, deliveries: [1000, 2000, 4000, 8000, 12_000] }, bearing(most)),
  problems: {},
});

test('the tables have a column for each rate, and mark where a system could not keep up', async () => {
  const found = result([
    await episode('ours', 1, 9000),
    await episode('ours', 2, 5000),
    await episode('socket.io-redis', 1, 2500),
  ]);
  const text = curveParts(found).join('\n\n');
  assert.match(text, /\| {2}\| Redis writes \| 1,000 \| 2,000 \| 4,000 \| 8,000 \| 12,000 \|/);
  assert.match(
    text,
    /#### p99, ms[^#]*\| OURS \| none \| 5 \(5–5\) .*\| 1,503 \(5–3,000\), ✗ 1 of 2 \| 3,000, ✗ 1 of 2 \|/,
  );
  assert.match(text, /#### p99, ms[^#]*\| SOCKET\.IO-REDIS \| none \| 5 \| 5 \| ✗ 3,000 \| – \| – \|/);
  assert.match(text, /#### CPU of a delivered event, µs, edge/);
});

test('the picture has a line for each system in each panel, and a hollow mark where it could not keep up', async () => {
  const svg = curvePicture(result([await episode('ours', 1, 9000), await episode('socket.io-redis', 1, 2500)]))!;
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  // One in the legend, and one in each of three panels.
  assert.equal(svg.match(/class="line"/g)?.length, 2 * (1 + 3));
  assert.equal(svg.match(/class="mark hollow"/g)?.length, 2 * 3);
  assert.equal(curvePicture(result([])), undefined);
});
