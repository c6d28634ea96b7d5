import { CALM, SAMPLE_CUT, type RunData, type Scenario } from './scenario.ts';

const WINDOWS = 4;
/** The others' slowest hundredth may take so many times as long while one misbehaves. */
const MOST = 1.2;
/** k6's clock counts whole milliseconds. */
const RESOLUTION_MS = 1;
const BEGIN = 0.15;

/** Calm and abuse take turns, so that both meet the same neighbours on the machine. */
const windowsOf = (seconds: number): [number, number][] => {
  const each = (seconds * (1 - BEGIN)) / (2 * WINDOWS);
  return Array.from({ length: WINDOWS }, (_, index) => {
    const from = seconds * BEGIN + each * (2 * index + 1);
    return [from, from + each];
  });
};

/** p99 of the others in all calm windows, and in all in which one misbehaves. */
export function compare({ size, journal }: Pick<RunData, 'size' | 'journal'>) {
  const windows = windowsOf(size.seconds);
  const pooled = (shift: number) => {
    const [first, ...rest] = windows.map(([from, to]) =>
      journal.curve('move', Math.ceil(from - shift * (to - from)), Math.floor(to - shift * (to - from))));
    for (const more of rest) first!.merge(more);
    return first!.percentile(0.99);
  };
  return { calm: pooled(1), abused: pooled(0) };
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
    const sent = run.journal.abuse?.sent ?? 0;
    return [
      {
        name: `others' p99 while one misbehaves is at most ${MOST} times the calm one`,
        passed: abused <= calm * MOST + RESOLUTION_MS,
        value: `${Math.round(abused)} ms against ${Math.round(calm)} ms`,
      },
      { name: 'the one that misbehaves did so', passed: sent > 100, value: `${sent} messages` },
    ];
  },
};
