import { CALM, type RunData, SAMPLE_CUT, type Scenario } from './scenario.ts';

/** So short that both meet the same neighbours, so long that the first second after a change is the lesser part. */
const WINDOW_SECONDS = 4;
/** The others' slowest hundredth may take so many times as long while one misbehaves. */
const MOST = 1.2;
/** k6's clock counts whole milliseconds. */
const RESOLUTION_MS = 1;
const BEGIN = 0.15;

/** Calm and abuse take turns, so that both meet the same neighbours on the machine. */
const windowsOf = (seconds: number): [number, number][] => {
  const begin = Math.ceil(seconds * BEGIN);
  const each = Math.max(1, Math.min(WINDOW_SECONDS, Math.floor((seconds - begin) / 2)));
  return Array.from({ length: Math.floor((seconds - begin) / (2 * each)) }, (_, index) => {
    const from = begin + each * (2 * index + 1);
    return [from, from + each];
  });
};

/** Of the seconds of one kind: the median, and between what half of them are. */
function spreadOf(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => sorted[Math.floor(share * sorted.length)] ?? Number.NaN);
  return { low: low!, middle: middle!, high: high! };
}

/**
 * p99 of the others in the calm windows, and in those in which one misbehaves: of every second, and of all these the
 * median. Who misbehaves does so in every second; a stall of the machine, which is in one, is not of its doing. It counts
 * from when a move was made: who misbehaves is of the same k6, and what it takes from the others there is no fault of the
 * cluster's.
 */
export function compare({ size, timeline }: Pick<RunData, 'size' | 'timeline'>) {
  const windows = windowsOf(size.seconds);
  const seconds = timeline.perSecond(({ curves }) => curves.answer.percentile(0.99));
  const typical = (shift: number) =>
    spreadOf(
      windows
        .flatMap(([from, to]) => seconds.slice(from - shift * (to - from), to - shift * (to - from)))
        .filter((p99) => !Number.isNaN(p99)),
    );
  return { calm: typical(1), abused: typical(0) };
}

export const abuse: Scenario = {
  about: 'one client misbehaves; nobody else may notice',
  size: { sockets: 200, seconds: 90, pace: 1 },
  plan: ({ seconds }) => ({
    playing: 1,
    rampSeconds: seconds * 0.1,
    cuts: SAMPLE_CUT(seconds * 0.12),
    abuse: windowsOf(seconds),
    thresholds: { ...CALM, move_round_trip_ms: ['p(99)<1500'] },
  }),
  judge: (run) => {
    const { calm, abused } = compare(run);
    const show = ({ low, middle, high }: typeof calm) =>
      `${Math.round(middle)} ms (half of the seconds: ${Math.round(low)} to ${Math.round(high)})`;
    const sent = run.timeline.abuse?.sent ?? 0;
    return [
      {
        name: `others' p99 of a second while one misbehaves is at most ${MOST} times the calm one`,
        passed: abused.middle <= calm.middle * MOST + RESOLUTION_MS,
        value: `${show(abused)} against ${show(calm)}`,
      },
      { name: 'the one that misbehaves did so', passed: sent > 100, value: `${sent} messages` },
    ];
  },
};
