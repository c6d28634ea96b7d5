import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TICK, type Tick } from '../k6/plan.ts';
import { Timeline } from './timeline.ts';
import { agreement, k6Thresholds, sampleThresholds, timelineThresholds } from './verdict.ts';

const journalOf = (...ticks: Partial<Tick>[]) => {
  const timeline = new Timeline();
  for (const tick of ticks) {
    const whole = { vu: 1, second: 0, open: 0, replicas: {}, counts: {}, closes: {}, curves: {}, ...tick };
    assert.ok(timeline.take(TICK + JSON.stringify(whole)));
  }
  return timeline;
};
const failed = (thresholds: { name: string; passed: boolean }[]) =>
  thresholds.filter(({ passed }) => !passed).map(({ name }) => name);

test("a run without samples fails, whatever k6's verdict is", () => {
  assert.equal(failed(sampleThresholds(journalOf())).length, 7);
  const full = {
    move: { 3: 1 },
    lag: { 3: 1 },
    resume: { 3: 1 },
    handshake: { 3: 1 },
    delay: { 3: 1 },
    answer: { 3: 1 },
  };
  assert.deepEqual(failed(sampleThresholds(journalOf({ curves: full, counts: { recovered: 1 } }))), []);
  const { resume: _, ...without } = full;
  assert.deepEqual(failed(sampleThresholds(journalOf({ curves: without, counts: { recovered: 1 } }))), [
    'resume_ms has samples',
  ]);
});

test("k6's verdicts are adopted with their measurements, and a missing verdict counts as failed", () => {
  const metrics = {
    gaps: { type: 'counter', contains: 'default', values: { count: 2 }, thresholds: { 'count==0': { ok: false } } },
    resume_ms: {
      type: 'trend',
      contains: 'time',
      values: { 'p(99)': 123.456 },
      thresholds: { 'p(99)<500': { ok: true } },
    },
  };
  assert.deepEqual(
    k6Thresholds({ metrics }, { gaps: ['count==0'], resume_ms: ['p(99)<500'], duplicates: ['count==0'] }),
    [
      { name: 'gaps count==0', passed: false, value: '2' },
      { name: 'resume_ms p(99)<500', passed: true, value: '123.46 ms' },
      { name: 'duplicates count==0', passed: false, value: 'nothing' },
    ],
  );
});

test('a counter that k6 and its players do not agree on fails, by its name', () => {
  const metrics = { gaps: { type: 'counter', contains: 'default', values: { count: 2 } } };
  const timeline = journalOf({ counts: { gaps: 1, games: 3 } });
  const { passed, value } = agreement({ metrics }, timeline, ['gaps', 'duplicates', 'games']);
  assert.deepEqual([passed, value], [false, 'gaps 2 against 1, games 0 against 3']);
  assert.equal(agreement({ metrics }, journalOf({ counts: { gaps: 2 } }), ['gaps', 'duplicates']).passed, true);
});

test('sockets of all virtual users add up, and a user without a report in a second still holds its sockets', () => {
  const timeline = journalOf(
    { vu: 1, second: 0, open: 2, replicas: { 1111: 2 } },
    { vu: 2, second: 0, open: 1, replicas: { 2222: 1 } },
    { vu: 1, second: 1, open: 3, replicas: { 1111: 2, 2222: 1 } },
  );
  assert.deepEqual(timeline.held(), [
    { open: 3, replicas: { 1111: 2, 2222: 1 } },
    { open: 4, replicas: { 1111: 2, 2222: 2 } },
  ]);
  assert.equal(timeline.openNow, 4);
});

test('other output of k6 is not taken for the timeline', () => {
  assert.equal(new Timeline().take('level=warning msg="slow"'), false);
});

test('when k6 gives no verdict, the same thresholds are judged from the reports of its players', () => {
  const timeline = journalOf({
    counts: { gaps: 1, recovered: 3, unrecovered: 1 },
    curves: { move: { 20: 99, 60: 1 } },
  });
  const asked = {
    gaps: ['count==0'],
    duplicates: ['count==0'],
    recovered_rate: ['rate==1'],
    resume_ms: ['p(99)<500'],
    move_round_trip_ms: ['p(99)<21', 'med<20'],
  };
  assert.deepEqual(
    timelineThresholds(timeline, asked).map(({ name, passed, value }) => [name, passed, value]),
    [
      ['gaps count==0', false, '1'],
      ['duplicates count==0', true, '0'],
      ['recovered_rate rate==1', false, '0.75'],
      ['resume_ms p(99)<500', false, 'nothing'],
      ['move_round_trip_ms p(99)<21', true, '20'],
      ['move_round_trip_ms med<20', false, '20'],
    ],
  );
});
