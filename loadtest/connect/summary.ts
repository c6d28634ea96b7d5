import { describeTimes, listed } from '../load/describe.ts';
import { round, type Threshold } from '../load/verdict.ts';
import type { ConnectPlan } from './options.ts';
import { type Tally, TIMES } from './tally.ts';

/** A generator that was held up this long, in milliseconds (p99), measures itself. */
const LATE_MS = 50;

export interface Outcome {
  readonly plan: ConnectPlan;
  readonly tally: Tally;
  readonly startedAt: Date;
  /** Open when the run was over, before they were closed. */
  readonly openAtEnd: number;
  /** Pings without an answer although their socket was still open. */
  readonly unanswered: number;
  /** How long the event loop of the generator was held up, p99. */
  readonly delayMs: number;
}

function thresholdsOf({ plan, tally, openAtEnd, unanswered }: Outcome): Threshold[] {
  const { failureCount, dropCount, sent, answered } = tally;
  return [
    { name: 'no handshake failed', passed: failureCount === 0, value: `${failureCount}` },
    { name: 'no socket was dropped', passed: dropCount === 0, value: `${dropCount}` },
    {
      name: 'every socket is open at the end',
      passed: openAtEnd === plan.sockets,
      value: `${openAtEnd} of ${plan.sockets}`,
    },
    ...(plan.ping === undefined
      ? []
      : [
          {
            name: 'every ping was answered',
            passed: sent > 0 && answered === sent,
            value: `${answered} of ${sent}; ${tally.cutShort} were cut short by a drop, ${unanswered} are open`,
          },
        ]),
  ];
}

const finite = (value: number): number | null => (Number.isFinite(value) ? round(value) : null);

/** The contents of `summary.json`. Times are milliseconds. */
export function summariseConnect(outcome: Outcome) {
  const { plan, tally, startedAt, openAtEnd, delayMs } = outcome;
  const thresholds = thresholdsOf(outcome);
  return {
    scenario: 'connect',
    target: plan.target,
    startedAt: startedAt.toISOString(),
    seconds: plan.seconds,
    passed: thresholds.every(({ passed }) => passed),
    thresholds,
    sockets: { wanted: plan.sockets, most: tally.mostOpen, atEnd: openAtEnd, opened: tally.opened },
    failed: Object.fromEntries(tally.failures),
    dropped: Object.fromEntries(tally.drops),
    pings: { sent: tally.sent, answered: tally.answered, cutShort: tally.cutShort },
    metrics: Object.fromEntries(
      TIMES.map((time) => {
        const all = tally.times[time];
        const [p50, p95, p99, max] = [0.5, 0.95, 0.99, 1].map((share) => finite(all.percentile(share))) as [
          number | null,
          number | null,
          number | null,
          number | null,
        ];
        return [`${time}_ms`, { samples: all.total, p50, p95, p99, max }];
      }),
    ),
    generatorDelayMs: finite(delayMs),
  };
}

export type ConnectSummary = ReturnType<typeof summariseConnect>;

/** The result as it is printed: figures, then every threshold. */
export function describeConnect(summary: ConnectSummary): string {
  const { sockets, pings, generatorDelayMs } = summary;
  const late = generatorDelayMs !== null && generatorDelayMs >= LATE_MS;
  return [
    '',
    ...describeTimes(summary.metrics),
    '',
    `  sockets              ${sockets.opened} opened, ${sockets.most} held at most, ${sockets.atEnd} at the end`,
    `  failed               ${listed(summary.failed)}`,
    `  dropped, by code     ${listed(summary.dropped)}`,
    ...(pings.sent === 0 ? [] : [`  pings                ${pings.sent} sent, ${pings.answered} answered`]),
    ...(late
      ? [
          `  generator            held up for ${Math.round(generatorDelayMs)} ms (p99), which is part of every time above`,
        ]
      : []),
    '',
    ...summary.thresholds.map(({ name, passed, value }) => `  ${passed ? 'ok  ' : 'FAIL'} ${name} (${value})`),
    '',
    summary.passed ? 'every threshold holds' : 'FAILED',
  ].join('\n');
}
