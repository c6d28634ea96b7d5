import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIZES } from '../sizes.ts';
import { flow, result } from '../testing/results.ts';
import { growthSteps } from './measure.ts';
import { growthParts, growthPicture } from './report.ts';

const MOST_SOCKETS = 9900;

test('every point fills its rooms, and fits through one edge', () => {
  for (const { growth } of Object.values(SIZES)) {
    for (const { players, groupSize, idle = 0 } of growthSteps(growth)) {
      assert.equal(players % groupSize, 0, `${players} players in rooms of ${groupSize}`);
      assert.ok(players + idle <= MOST_SOCKETS, `${players + idle} sockets`);
    }
  }
});

test('a point is in the table of its growing quantity, and an unmeasured point is left open', () => {
  const point = (series: 'rooms' | 'members' | 'idle', count: number, cost: number) => ({
    series,
    count,
    ...flow(cost),
  });
  const found = result(
    [
      { system: 'ours', repetition: 1, growth: [point('rooms', 250, 40), point('rooms', 2500, 60)], problems: {} },
      { system: 'ours', repetition: 2, growth: [point('rooms', 250, 50), point('idle', 5000, 70)], problems: {} },
    ],
    ['ours'],
  );
  const text = growthParts(found).join('\n\n');
  assert.match(
    text,
    /#### By rooms of 3[^#]*\| OURS \| none \| 45 \(40–50\) \| 3 \(3–3\) \| – \| – \| – \| – \| 60 \| 3 \|/,
  );
  assert.match(text, /#### By idle sockets[^#]*\| OURS \| none \| – \| – \| – \| – \| 70 \| 3 \|/);
  assert.match(growthPicture(found)!, /<svg /);
  assert.deepEqual([growthParts(result([])), growthPicture(result([]))], [[], undefined]);
});
