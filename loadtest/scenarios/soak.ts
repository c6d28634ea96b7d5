import { slopeOf } from '../kit/statistics.ts';
import type { Threshold } from '../load/verdict.ts';
import { CALM_BUT_LATE, judgeLateness, type RunData, SAMPLE_CUT, type Scenario } from './scenario.ts';

/** The beginning is left out, while caches and heaps find their size. */
const WARM_UP = 1 / 3;
/** The growth that is allowed over the observed time: a part of the present amount, and a minimum. */
const MEMORY = { part: 0.1, least: 8 * 2 ** 20 };
const DESCRIPTORS = { part: 0.02, least: 4 };

/** Whether the usage of each part of the system stays flat, by its slope over time, not by two points. */
export function flatness({ size, usage }: Pick<RunData, 'size' | 'usage'>): Threshold[] {
  const parts = [...usage.samples].filter(([name]) => name !== 'k6');
  if (parts.length === 0) {
    return [{ name: 'the processes of the cluster are visible', passed: false, value: 'none is visible from here' }];
  }
  return parts.flatMap(([name, samples]) => {
    const looked = samples.filter(({ at }) => at >= size.seconds * WARM_UP && at <= size.seconds);
    const span = (looked.at(-1)?.at ?? 0) - (looked[0]?.at ?? 0);
    const one = (
      what: string,
      read: (sample: (typeof samples)[number]) => number,
      { part, least }: typeof MEMORY,
      show: (value: number) => string,
    ): Threshold => {
      const gained = slopeOf(looked.map((sample) => [sample.at, read(sample)])) * span;
      const held = looked.map(read).sort((a, b) => a - b)[looked.length >> 1] ?? 0;
      return {
        name: `${what} of ${name} stay flat`,
        passed: gained <= Math.max(least, held * part),
        value: `${show(gained)} gained over ${Math.round(span)} s, ${show(held)} held`,
      };
    };
    const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    return [
      one('resident bytes', ({ residentBytes }) => residentBytes, MEMORY, mebibytes),
      one(
        'descriptors',
        ({ descriptors }) => descriptors,
        DESCRIPTORS,
        (count) => count.toFixed(1),
      ),
    ];
  });
}

export const soak: Scenario = {
  about: 'half an hour of play: memory and descriptors of every process stay flat',
  size: { sockets: 200, seconds: 1800, pace: 0.5 },
  plan: ({ seconds }) => ({
    playing: 0.5,
    rampSeconds: Math.min(60, seconds * 0.1),
    cuts: Array.from({ length: 8 }, (_, index) => SAMPLE_CUT((seconds * (index + 1)) / 10)).flat(),
    thresholds: {
      ...CALM_BUT_LATE,
      move_round_trip_ms: ['p(99)<2000'],
      delivery_lag_ms: ['p(99)<2000'],
    },
  }),
  judge: (run) => [...flatness(run), judgeLateness(run)],
};
