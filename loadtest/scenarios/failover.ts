import type { Mark } from '../load/disturber.ts';
import type { Threshold } from '../load/verdict.ts';
import { EXACT, type RunData, SAMPLE_CUT, type Scenario } from './scenario.ts';

/** An event reported at the end of a second may have happened at its beginning. */
const BEFORE = 1;
/** Seconds around a fault in which a socket may have moved to the killed part. */
const AROUND = 2;
/** Some clients are reconnecting at any moment. */
const ALL = 0.9;

/** How many sockets a fault may close: each held socket at most once, and none that the part did not hold. */
function judgeFault({ timeline, size }: Pick<RunData, 'timeline' | 'size'>, mark: Mark, until: number): Threshold {
  const { name, closes } = mark.fault!;
  const from = Math.max(0, Math.floor(mark.at) - BEFORE);
  const closed = timeline.count('unexpected_closes', from, Math.max(from, Math.floor(until) - BEFORE));
  const around = timeline.held().slice(Math.max(0, from - AROUND), from + AROUND);
  const fullest = Math.max(0, ...around.flatMap(({ replicas }) => Object.values(replicas)));
  const held = Math.max(0, ...around.map(({ open }) => open));
  const [least, most] = {
    none: [0, 0],
    replica: [1, fullest],
    some: [1, size.sockets],
    all: [Math.floor(held * ALL), size.sockets],
  }[closes] as [number, number];
  return {
    name: `${name} killed closes ${most === 0 ? 'no socket' : `${least} to ${most} sockets`}`,
    // A cluster without sockets cannot be judged.
    passed: held > 0 && closed >= least && closed <= most,
    value: `${closed} closed of ${held} held`,
  };
}

/** Judges each fault separately: it struck, was repaired, and closed only the sockets that it had to. */
export function judgeFaults(run: Pick<RunData, 'timeline' | 'size' | 'marks'>): Threshold[] {
  const struck = run.marks.filter(({ fault }) => fault);
  const mended = struck.filter(({ fault }) => run.marks.some((mark) => mark.mended === fault!.name));
  return [
    {
      name: 'every killed part came back',
      passed: struck.length > 0 && mended.length === struck.length,
      value: `${mended.length} of ${struck.length}`,
    },
    ...struck.map((mark, index) => judgeFault(run, mark, struck[index + 1]?.at ?? Infinity)),
  ];
}

export const failover: Scenario = {
  about: "a replica (on kind: a pod), Redis and the edge's worker are killed during play",
  size: { sockets: 200, seconds: 90, pace: 1 },
  needs: 'faults',
  plan: ({ seconds }) => ({
    playing: 1,
    rampSeconds: seconds * 0.1,
    cuts: SAMPLE_CUT(seconds * 0.2),
    lateMs: 20_000,
    thresholds: {
      ...EXACT,
      late_events: ['count==0'],
      failed_moves: ['count==0'],
      resume_ms: ['p(99)<30000'],
      move_round_trip_ms: ['med<1000'],
    },
  }),
  disturb: async (disturber, { seconds }) => {
    const { faults } = disturber;
    for (const [index, fault] of faults.entries()) {
      await disturber.at(seconds * (0.3 + (0.55 * index) / faults.length));
      await disturber.strike(fault);
    }
  },
  judge: judgeFaults,
};
