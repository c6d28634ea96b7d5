import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TICK } from '../k6/plan.ts';
import { Timeline } from '../load/timeline.ts';
import { timelineThresholds } from '../load/verdict.ts';
import { SCENARIOS } from './index.ts';

const COUNTERS = [
  'gaps',
  'duplicates',
  'lost_acked_moves',
  'late_events',
  'failed_moves',
  'unexpected_closes',
  'failed_connects',
  'failed_requests',
  'chat_gaps',
];

/** A run in which everything passed, or as little as possible. */
function journalOf(well: boolean): Timeline {
  const timeline = new Timeline();
  const time = { [well ? 1 : 1000]: 10 };
  const tick = {
    vu: 1,
    second: 0,
    open: 1,
    replicas: {},
    closes: {},
    counts: well ? { recovered: 5 } : { unrecovered: 5, ...Object.fromEntries(COUNTERS.map((name) => [name, 9])) },
    curves: { move: time, lag: time, resume: time, handshake: time, delay: time, answer: time },
  };
  timeline.take(TICK + JSON.stringify(tick));
  return timeline;
}

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  const { thresholds } = scenario.plan({ ...scenario.size, vus: 4 });

  test(`every threshold of ${name} fails when everything goes wrong`, () => {
    const held = timelineThresholds(journalOf(false), thresholds).filter(({ passed }) => passed);
    assert.deepEqual(
      held.map((threshold) => threshold.name),
      [],
    );
  });
  test(`every threshold of ${name} holds when all goes well`, () => {
    const failed = timelineThresholds(journalOf(true), thresholds).filter(({ passed }) => !passed);
    assert.deepEqual(
      failed.map((threshold) => threshold.name),
      [],
    );
  });
}
