import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TICK } from '../k6/plan.ts';
import { Journal } from '../load/journal.ts';
import { slopeOf } from '../load/slope.ts';
import { UsageSampler, type UsageSample } from '../load/usage.ts';
import { abuse, compare } from './abuse.ts';
import { SCENARIOS } from './index.ts';
import { kneeOf } from './scale.ts';
import { flatness } from './soak.ts';

const MIB = 2 ** 20;

function usageOf(read: (second: number) => Partial<UsageSample>): UsageSampler {
  const usage = new UsageSampler(async () => ({}));
  usage.samples.set('1111', Array.from({ length: 1800 }, (_, at) =>
    ({ at, cpuMs: at, residentBytes: 100 * MIB, descriptors: 50, ...read(at) })));
  return usage;
}
const size = { sockets: 80, vus: 2, seconds: 1800, pace: 1 };
const failed = (read: (second: number) => Partial<UsageSample>) =>
  flatness({ size, usage: usageOf(read) }).filter(({ passed }) => !passed).map(({ name }) => name);

test('memory that goes up and down about the same level is flat', () => {
  assert.deepEqual(failed((at) => ({ residentBytes: (100 + (at % 40)) * MIB })), []);
});
test('memory that warms up at the beginning is flat', () => {
  assert.deepEqual(failed((at) => ({ residentBytes: Math.min(200, 100 + at / 3) * MIB })), []);
});
test('memory that leaks 40 MiB in half an hour is not flat', () => {
  assert.deepEqual(failed((at) => ({ residentBytes: (100 + at / 45 + (at % 7)) * MIB })), ['resident bytes of 1111 stay flat']);
});
test('descriptors that leak one a minute are not flat', () => {
  assert.deepEqual(failed((at) => ({ descriptors: 50 + Math.floor(at / 60) })), ['descriptors of 1111 stay flat']);
});
test('an outlier does not bend a slope', () => {
  const points = Array.from({ length: 50 }, (_, x) => [x, x === 40 ? 1e9 : 2 * x] as const);
  assert.equal(slopeOf(points), 2);
});

/** A journal with these sockets open, and moves of this length, second by second. */
function journalOf(seconds: number, open: (second: number) => number, move: (second: number) => number): Journal {
  const journal = new Journal();
  for (let second = 0; second < seconds; second++) {
    const tick = { vu: 1, second, open: open(second), replicas: {}, counts: {}, closes: {},
      curves: { move: { [move(second)]: 10 }, lag: { [move(second)]: 10 } } };
    journal.take(TICK + JSON.stringify(tick));
  }
  return journal;
}
const scaleRun = (journal: Journal) =>
  ({ size: { sockets: 80, vus: 1, seconds: 80, pace: 1 }, journal, usage: usageOf(() => ({})), marks: [] });

test('the knee is the last step that held its sockets in time', () => {
  const all = kneeOf(scaleRun(journalOf(80, (second) => Math.ceil((second + 1) / 10) * 10, () => 20)));
  assert.deepEqual([all.sockets, all.texts.length], [80, 8]);
  const slow = kneeOf(scaleRun(journalOf(80, (second) => Math.ceil((second + 1) / 10) * 10, (second) => (second < 50 ? 20 : 400))));
  assert.equal(slow.sockets, 50);
  assert.match(slow.texts.at(-1)!, /^broken 60 sockets/);
});
test('a step whose sockets do not come breaks', () => {
  assert.equal(kneeOf(scaleRun(journalOf(80, (second) => Math.min(40, Math.ceil((second + 1) / 10) * 10), () => 20))).sockets, 40);
});

test('what the others meet while one misbehaves is compared with the calm of the same run', () => {
  const size = { sockets: 80, vus: 2, seconds: 90, pace: 1 };
  const windows = abuse.plan(size).abuse!;
  const inside = (second: number) => windows.some(([from, to]) => second >= from && second < to);
  const journal = journalOf(96, () => 80, (second) => (inside(second) ? 30 : 20));
  assert.deepEqual(compare({ size, journal }), { calm: 20, abused: 30 });
  const verdicts = abuse.judge!({ size, journal, usage: usageOf(() => ({})), marks: [] });
  assert.deepEqual(verdicts.map(({ passed }) => passed), [false, false]);
});

test('every scenario resumes somebody, so that it has figures of that', () => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const { cuts, thresholds } = scenario.plan({ ...scenario.size, vus: 4 });
    assert.ok((cuts ?? []).length > 0, name);
    for (const metric of ['gaps', 'duplicates', 'lost_acked_moves', 'recovered_rate']) assert.ok(thresholds[metric], `${name}: ${metric}`);
  }
});
