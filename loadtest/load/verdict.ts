import { CURVES, type Curve } from '../k6/plan.ts';
import type { Timeline } from './timeline.ts';

/** One requirement of a run, and its result. */
export interface Threshold {
  readonly name: string;
  readonly passed: boolean;
  /** The measured value, with its unit. */
  readonly value: string;
}

interface K6Metric {
  readonly type: string;
  readonly contains: string;
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}

/** The used part of the data that k6 passes to `handleSummary`. */
export interface K6Summary {
  readonly metrics: Readonly<Record<string, K6Metric>>;
  readonly state?: { readonly testRunDurationMs?: number };
}

export const METRIC_OF: Record<Curve, string> = {
  move: 'move_round_trip_ms',
  lag: 'delivery_lag_ms',
  resume: 'resume_ms',
  handshake: 'handshake_ms',
  delay: 'generator_delay_ms',
  answer: 'move_answer_ms',
};

export const round = (value: number): number => Math.round(value * 100) / 100;

/** The value a threshold such as `p(99)<500` looks at, with its unit. */
function measured({ contains, values }: K6Metric, test: string): string {
  const name = test.split(/[<>=!]/)[0]!.trim();
  const value = values[name];
  if (value === undefined) return 'nothing';
  return `${round(value)}${contains === 'time' ? ' ms' : ''}`;
}

/** The thresholds that k6 has judged. A threshold without data is missing, which is a failure too. */
export function k6Thresholds(summary: K6Summary, asked: Readonly<Record<string, readonly string[]>>): Threshold[] {
  return Object.entries(asked).flatMap(([name, tests]) =>
    tests.map((test) => {
      const metric = summary.metrics[name];
      const judged = metric?.thresholds?.[test];
      return {
        name: `${name} ${test}`,
        passed: judged?.ok ?? false,
        value: metric ? measured(metric, test) : 'nothing',
      };
    }),
  );
}

/** k6 and the players must have the same counts: a figure that only one of them has is incomplete. */
export function agreement(summary: K6Summary, timeline: Timeline, counters: readonly string[]): Threshold {
  const differing = counters.flatMap((name) => {
    const [counted, told] = [summary.metrics[name]?.values['count'] ?? 0, timeline.count(name)];
    return counted === told ? [] : [`${name} ${counted} against ${told}`];
  });
  return {
    name: "k6's counts match the reports of its players",
    passed: differing.length === 0,
    value: differing.join(', ') || `${counters.length} counters`,
  };
}

/** For a count, a rate or a time, none of which is negative. */
export const TEST = /^(count|rate|med|p\((\d+)\))(==|<=|>=|<|>)([\d.]+)$/;
const HOLDS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '==': (value, bound) => value === bound,
  '<=': (value, bound) => value <= bound,
  '>=': (value, bound) => value >= bound,
  '<': (value, bound) => value < bound,
  '>': (value, bound) => value > bound,
};

/** The same thresholds from the reports of the virtual users, for a k6 without its own verdict. */
export function timelineThresholds(
  timeline: Timeline,
  asked: Readonly<Record<string, readonly string[]>>,
): Threshold[] {
  const statistic = (name: string, what: string, percent: string | undefined): number => {
    const curve = CURVES.find((each) => METRIC_OF[each] === name);
    if (curve) return timeline.curve(curve).percentile(percent === undefined ? 0.5 : Number(percent) / 100);
    const whole = timeline.count('recovered');
    return what === 'rate' ? whole / (whole + timeline.count('unrecovered')) : timeline.count(name);
  };
  return Object.entries(asked).flatMap(([name, tests]) =>
    tests.map((test) => {
      const [, what, percent, sign, bound] = TEST.exec(test) ?? [];
      const value = what === undefined ? Number.NaN : statistic(name, what, percent);
      return {
        name: `${name} ${test}`,
        passed: sign !== undefined && HOLDS[sign]!(value, Number(bound)),
        value: Number.isNaN(value) ? 'nothing' : `${round(value)}`,
      };
    }),
  );
}

/** The samples that every run must have, because k6 passes a threshold without samples. */
export function sampleThresholds(timeline: Timeline): Threshold[] {
  const counted = CURVES.map((curve) => [METRIC_OF[curve], timeline.curve(curve).total] as const);
  const answers = timeline.count('recovered') + timeline.count('unrecovered');
  return [...counted, ['recovered_rate', answers] as const].map(([name, total]) => ({
    name: `${name} has samples`,
    passed: total > 0,
    value: `${total}`,
  }));
}
