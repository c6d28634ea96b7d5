import type { AttackName } from '../abuse/attacks.ts';
import { judgeStep } from '../abuse/judge.ts';
import type { AttackSpan } from '../load/disturber.ts';
import type { Threshold } from '../load/verdict.ts';
import { CALM, type RunData, SAMPLE_CUT, type Scenario } from './scenario.ts';

/** The others' p99 may be this many times as high while one client misbehaves. */
const MOST = 1.2;
/** k6's clock counts whole milliseconds. */
const RESOLUTION_MS = 1;
/** Parts of the run: players connect, one of k6's clients floods, and the attacks follow. */
const [FLOOD_FROM, FLOOD_TO, LAST] = [0.15, 0.3, 0.95];
/**
 * Short enough that quiet and flooded seconds meet the same neighbours, and long enough that the first second is a
 * small part.
 */
const WINDOW_SECONDS = 4;
/** For each attack: a quiet window and one with it, twice. */
const PAIRS = 2;
/** Share of an attack's time; the rest is for observing the cluster. */
const BUSY = 0.85;
/** The attack whose sockets are watched afterwards comes last. */
const ORDER: readonly AttackName[] = [
  'createAndLeave',
  'refusedRequests',
  'roamingPlayer',
  'codeGuessing',
  'halfOpenRequests',
  'deafPeers',
];
/** The players use this many addresses, and attackers use others. */
const ADDRESSES = 32;

/**
 * The times when k6's own client floods. Calm and flood take turns, so that both meet the same neighbours on the
 * machine.
 */
const floodsOf = (seconds: number): [number, number][] => {
  const begin = Math.ceil(seconds * FLOOD_FROM);
  const length = Math.max(2, Math.floor(seconds * FLOOD_TO) - begin);
  const each = Math.max(1, Math.min(WINDOW_SECONDS, Math.floor(length / 2)));
  return Array.from({ length: Math.floor(length / (2 * each)) }, (_, index) => {
    const from = begin + each * (2 * index + 1);
    return [from, from + each];
  });
};

export const floodSpans = (seconds: number): AttackSpan[] =>
  floodsOf(seconds).map(([from, to]) => ({ name: 'flood', quiet: [2 * from - to, from], attacked: [from, to] }));

/** For the seconds of one kind: the median, and the bounds of the middle half. */
function spreadOf(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => sorted[Math.floor(share * sorted.length)] ?? Number.NaN);
  return { low: low!, middle: middle!, high: high! };
}

/**
 * p99 of the others in the quiet windows, and in those in which one client misbehaves: the median over the p99 of each
 * second. An attack affects every second, and a stall of the machine only one. It counts from the time when a move was
 * made, because CPU that the attacker takes from the generator is not a fault of the cluster.
 */
export function compare({ timeline }: Pick<RunData, 'timeline'>, spans: readonly AttackSpan[]) {
  const seconds = timeline.perSecond(({ curves }) => curves.answer.percentile(0.99));
  const typical = (kind: 'quiet' | 'attacked') =>
    spreadOf(
      spans
        .flatMap(({ [kind]: [from, to] }) => seconds.slice(Math.ceil(from), Math.floor(to)))
        .filter((p99) => !Number.isNaN(p99)),
    );
  return { calm: typical('quiet'), abused: typical('attacked') };
}

function judgeOthers(run: Pick<RunData, 'timeline'>, name: string, spans: readonly AttackSpan[]): Threshold {
  const { calm, abused } = compare(run, spans);
  const show = ({ low, middle, high }: typeof calm) =>
    `${Math.round(middle)} ms (half of the seconds: ${Math.round(low)} to ${Math.round(high)})`;
  return {
    name: `${name}: the others' p99 of a second is at most ${MOST} times the calm one`,
    passed: abused.middle <= calm.middle * MOST + RESOLUTION_MS,
    value: `${show(abused)} against ${show(calm)}`,
  };
}

export const abuse: Scenario = {
  about: 'one client misbehaves, in seven ways; no other client may notice',
  size: { sockets: 200, seconds: 360, pace: 1 },
  addresses: ADDRESSES,
  plan: ({ seconds }) => ({
    playing: 1,
    rampSeconds: seconds * 0.1,
    cuts: SAMPLE_CUT(seconds * 0.12),
    abuse: floodsOf(seconds),
    thresholds: { ...CALM, failed_requests: ['count==0'], move_round_trip_ms: ['p(99)<1500'] },
  }),
  disturb: async (disturber, { seconds }) => {
    if (!disturber.mayAttack) return;
    const each = (seconds * (LAST - FLOOD_TO)) / ORDER.length;
    for (const [index, name] of ORDER.entries()) {
      await disturber.at(seconds * FLOOD_TO + each * index);
      for (let pair = 0; pair < PAIRS; pair += 1)
        await disturber.attack(name, Math.round((each * BUSY * 1000) / (2 * PAIRS)));
    }
    await disturber.aftermath('deafPeers');
  },
  judge: (run) => {
    const sent = run.timeline.abuse?.sent ?? 0;
    const { spans, steps } = run.attacks;
    return [
      judgeOthers(run, 'flood', floodSpans(run.size.seconds)),
      { name: 'flood: the client did misbehave', passed: sent > 100, value: `${sent} messages` },
      ...steps.flatMap((step) => [
        judgeOthers(
          run,
          step.name,
          spans.filter(({ name }) => name === step.name),
        ),
        ...judgeStep(step),
      ]),
    ];
  },
};
