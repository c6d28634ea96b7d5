import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TICK } from '../k6/plan.ts';
import { slopeOf } from '../kit/statistics.ts';
import { type UsageSample, UsageSampler } from '../kit/usage-sampler.ts';
import type { Closes } from '../load/target.ts';
import { Timeline } from '../load/timeline.ts';
import { abuse, compare, floodSpans } from './abuse.ts';
import { judgeBroadcast } from './chat.ts';
import { judgeFaults } from './failover.ts';
import { SCENARIOS } from './index.ts';
import { judgeRollout } from './rollout.ts';
import { judgeRotation } from './rotation.ts';
import { kneeOf } from './scale.ts';
import { judgeLateness } from './scenario.ts';
import { flatness } from './soak.ts';

const MIB = 2 ** 20;

function usageOf(read: (second: number) => Partial<UsageSample>): UsageSampler {
  const usage = new UsageSampler(async () => ({}));
  usage.samples.set(
    '1111',
    Array.from({ length: 1800 }, (_, at) => ({
      at,
      cpuMs: at,
      residentBytes: 100 * MIB,
      descriptors: 50,
      ...read(at),
    })),
  );
  return usage;
}
const size = { sockets: 80, vus: 2, seconds: 1800, pace: 1 };
const failed = (read: (second: number) => Partial<UsageSample>) =>
  flatness({ size, usage: usageOf(read) })
    .filter(({ passed }) => !passed)
    .map(({ name }) => name);

const NO_ATTACKS = { spans: [], steps: [] };

test('memory that goes up and down about the same level is flat', () => {
  assert.deepEqual(
    failed((at) => ({ residentBytes: (100 + (at % 40)) * MIB })),
    [],
  );
});
test('memory that warms up at the beginning is flat', () => {
  assert.deepEqual(
    failed((at) => ({ residentBytes: Math.min(200, 100 + at / 3) * MIB })),
    [],
  );
});
test('memory that leaks 40 MiB in half an hour is not flat', () => {
  assert.deepEqual(
    failed((at) => ({ residentBytes: (100 + at / 45 + (at % 7)) * MIB })),
    ['resident bytes of 1111 stay flat'],
  );
});
test('descriptors that leak one a minute are not flat', () => {
  assert.deepEqual(
    failed((at) => ({ descriptors: 50 + Math.floor(at / 60) })),
    ['descriptors of 1111 stay flat'],
  );
});
test('without a visible process of the cluster, memory does not count as flat and the run fails', () => {
  const usage = usageOf(() => ({}));
  usage.samples.set('k6', usage.samples.get('1111')!);
  usage.samples.delete('1111');
  assert.deepEqual(
    flatness({ size, usage }).map(({ passed }) => passed),
    [false],
  );
});
test('an outlier does not bend a slope', () => {
  const points = Array.from({ length: 50 }, (_, x) => [x, x === 40 ? 1e9 : 2 * x] as const);
  assert.equal(slopeOf(points), 2);
});

/** A timeline with these open sockets and moves of this length, second by second. */
function journalOf(seconds: number, open: (second: number) => number, move: (second: number) => number): Timeline {
  const timeline = new Timeline();
  for (let second = 0; second < seconds; second++) {
    const tick = {
      vu: 1,
      second,
      open: open(second),
      replicas: {},
      counts: {},
      closes: {},
      curves: { move: { [move(second)]: 10 }, answer: { [move(second)]: 10 }, lag: { [move(second)]: 10 } },
    };
    timeline.take(TICK + JSON.stringify(tick));
  }
  return timeline;
}
const scaleRun = (timeline: Timeline) => ({
  size: { sockets: 80, vus: 1, seconds: 80, pace: 1 },
  timeline,
  usage: usageOf(() => ({})),
  marks: [],
  attacks: NO_ATTACKS,
});

test('the knee is the last step that held its sockets in time', () => {
  const all = kneeOf(
    scaleRun(
      journalOf(
        80,
        (second) => Math.ceil((second + 1) / 10) * 10,
        () => 20,
      ),
    ),
  );
  assert.deepEqual([all.sockets, all.texts.length], [80, 8]);
  const slow = kneeOf(
    scaleRun(
      journalOf(
        80,
        (second) => Math.ceil((second + 1) / 10) * 10,
        (second) => (second < 50 ? 20 : 400),
      ),
    ),
  );
  assert.equal(slow.sockets, 50);
  assert.match(slow.texts.at(-1)!, /^broken 60 sockets/);
});
test('a step whose sockets do not connect breaks', () => {
  assert.equal(
    kneeOf(
      scaleRun(
        journalOf(
          80,
          (second) => Math.min(40, Math.ceil((second + 1) / 10) * 10),
          () => 20,
        ),
      ),
    ).sockets,
    40,
  );
});

test('the p99 of the others while one client misbehaves is compared with the calm of the same run', () => {
  const size = { sockets: 80, vus: 2, seconds: 240, pace: 1 };
  const windows = abuse.plan(size).abuse!;
  assert.ok(windows.length >= 4 && windows.at(-1)![1] <= size.seconds);
  const spans = floodSpans(size.seconds);
  const middles = (of: Timeline) => {
    const { calm, abused } = compare({ timeline: of }, spans);
    return [calm.middle, abused.middle];
  };
  const inside = (second: number) => windows.some(([from, to]) => second >= from && second < to);
  const timeline = journalOf(
    246,
    () => 80,
    (second) => (inside(second) ? 30 : 20),
  );
  assert.deepEqual(middles(timeline), [20, 30]);
  const stalled = journalOf(
    246,
    () => 80,
    (second) => (second % 20 === 9 ? 50_000 : inside(second) ? 21 : 20),
  );
  assert.deepEqual(middles(stalled), [20, 21]);
  assert.deepEqual(middles(new Timeline()), [Number.NaN, Number.NaN]);
  const attacks = { spans: [{ ...spans[0]!, name: 'halfOpenRequests' }], steps: [] };
  const verdicts = abuse.judge!({ size, timeline, usage: usageOf(() => ({})), marks: [], attacks });
  assert.deepEqual(
    verdicts.map(({ passed }) => passed),
    [false, false],
  );
});

const failedNames = (verdicts: { name: string; passed: boolean }[]) =>
  verdicts.filter(({ passed }) => !passed).map(({ name }) => name);
const four = { 1111: 10, 2222: 10, 3333: 10, 4444: 10 };
/** Forty sockets on four replicas, and these closes in these seconds. */
function closing(name: 'unexpected_closes' | 'announced_closes', closes: Readonly<Record<number, number>>): Timeline {
  const timeline = new Timeline();
  for (let second = 0; second < 60; second++) {
    const counts = closes[second] === undefined ? {} : { [name]: closes[second] };
    timeline.take(TICK + JSON.stringify({ vu: 1, second, open: 40, replicas: four, counts, closes: {}, curves: {} }));
  }
  return timeline;
}

const begun = { at: 20, text: 'rollout begins' };
const ended = { at: 40, text: '4 replicas replaced' };
test('a rollout that sent all clients to another replica and ended passes', () => {
  const timeline = closing('announced_closes', { 21: 10, 26: 15, 31: 12, 36: 10 });
  assert.deepEqual(failedNames(judgeRollout({ timeline, marks: [begun, ended] })), []);
});
test('a rollout that did not end, or had no replicas, is reported', () => {
  const timeline = closing('announced_closes', { 21: 40 });
  for (const marks of [
    [begun],
    [begun, { at: 40, text: '1111 is a new one' }],
    [begun, { at: 40, text: '0 replicas replaced' }],
  ]) {
    assert.deepEqual(failedNames(judgeRollout({ timeline, marks })), ['the rollout ended']);
  }
});
test('a rollout that did not move sockets is reported, and so is one without sockets', () => {
  const told = 'every socket was sent to another replica';
  assert.deepEqual(
    failedNames(judgeRollout({ timeline: closing('announced_closes', { 5: 40, 21: 39 }), marks: [begun, ended] })),
    [told],
  );
  assert.deepEqual(failedNames(judgeRollout({ timeline: new Timeline(), marks: [begun, ended] })), [told]);
});

const strikes = (...faults: [number, string, Closes][]) =>
  faults.flatMap(([at, name, closes]) => [
    { at, text: `${name} killed`, fault: { name, closes } },
    { at: at + 3, text: `${name} is back`, mended: name },
  ]);
const marks = strikes([15.2, 'a replica', 'replica'], [30.4, 'Redis', 'none'], [45.6, 'the edge', 'all']);
const faultsFailed = (closes: Readonly<Record<number, number>>, of = marks) =>
  failedNames(
    judgeFaults({ size: { ...size, sockets: 40 }, timeline: closing('unexpected_closes', closes), marks: of }),
  );

test('faults that close the sockets they must pass', () => {
  assert.deepEqual(faultsFailed({ 15: 6, 16: 4, 46: 40 }), []);
});
test('a fault that closes a socket more than once, or one of another part, is reported', () => {
  assert.deepEqual(faultsFailed({ 16: 11, 46: 40 }), ['a replica killed closes 1 to 10 sockets']);
  assert.deepEqual(faultsFailed({ 16: 10, 46: 40, 48: 1 }), ['the edge killed closes 36 to 40 sockets']);
});
test('a store whose failure closes a socket is reported', () => {
  assert.deepEqual(faultsFailed({ 16: 10, 31: 1, 46: 40 }), ['Redis killed closes no socket']);
});
test('a fault that closed no socket did not strike', () => {
  assert.deepEqual(faultsFailed({ 46: 40 }), ['a replica killed closes 1 to 10 sockets']);
  assert.deepEqual(faultsFailed({ 16: 10, 46: 35 }), ['the edge killed closes 36 to 40 sockets']);
});
test('a fault without a socket to close proves nothing', () => {
  const run = { size, timeline: new Timeline(), marks: strikes([15, 'Redis', 'none']) };
  assert.deepEqual(failedNames(judgeFaults(run)), ['Redis killed closes no socket']);
});
test('a part that did not come back is reported, and so is a run without a fault', () => {
  assert.deepEqual(faultsFailed({ 16: 10, 46: 40 }, marks.slice(0, -1)), ['every killed part came back']);
  assert.deepEqual(faultsFailed({}, []), ['every killed part came back']);
});

test('a level that was not rotated is reported, even when another was rotated twice', () => {
  const done = ['leaf', 'intermediate', 'issue', 'retire'].map((step, at) => ({
    at,
    text: `rotated: ${step}, replaced by the edge`,
  }));
  assert.deepEqual(failedNames(judgeRotation({ marks: done })), []);
  assert.deepEqual(failedNames(judgeRotation({ marks: [...done.slice(0, 3), done[0]!] })), ['every level was rotated']);
});

test('lines that did not reach all clients are reported, and so is a run without lines', () => {
  const heard = (said: number, lines: number) => {
    const timeline = new Timeline();
    const counts = { said_lines: said, chat_lines: lines };
    timeline.take(TICK + JSON.stringify({ vu: 1, second: 0, open: 1, replicas: {}, counts, closes: {}, curves: {} }));
    return judgeBroadcast({ timeline, size: { ...size, sockets: 40 } }).passed;
  };
  assert.deepEqual([heard(100, 4000), heard(100, 3970), heard(100, 3950), heard(0, 0)], [true, true, false, false]);
});

const lateness = (late: number, all: number) => {
  const timeline = new Timeline();
  const counts = { late_events: late };
  timeline.take(
    TICK + JSON.stringify({ vu: 1, second: 0, open: 1, replicas: {}, counts, closes: {}, curves: { lag: { 9: all } } }),
  );
  return judgeLateness({ timeline }).passed;
};
test('one late delivery of a thousand passes, two fail, and no deliveries at all fail', () => {
  assert.deepEqual(
    [lateness(0, 1000), lateness(1, 1000), lateness(2, 1000), lateness(0, 0)],
    [true, true, false, false],
  );
});
test('runs with many deliveries are judged by the share of late ones', () => {
  for (const [scenario, seconds] of [
    [SCENARIOS['scale']!, 80],
    [SCENARIOS['soak']!, 1800],
  ] as const) {
    const run = { ...scaleRun(closing('unexpected_closes', {})), size: { ...scenario.size, vus: 1, seconds } };
    assert.ok(failedNames(scenario.judge!(run)).includes('at most 0.1 % of the deliveries are late'));
  }
});

test('every scenario resumes some clients, so that it has figures for that', () => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const { cuts, thresholds } = scenario.plan({ ...scenario.size, vus: 4 });
    assert.ok((cuts ?? []).length > 0, name);
    for (const metric of ['gaps', 'duplicates', 'lost_acked_moves', 'recovered_rate'])
      assert.ok(thresholds[metric], `${name}: ${metric}`);
  }
});
