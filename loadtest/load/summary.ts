import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { CURVES } from '../k6/plan.ts';
import { bySecond, type UsageSampler } from '../kit/usage-sampler.ts';
import type { Mark } from './disturber.ts';
import type { Timeline } from './timeline.ts';
import { METRIC_OF, round, type Threshold } from './verdict.ts';

/** Counters that are 0 in a good run, and present. */
export const COUNTERS = [
  'gaps',
  'duplicates',
  'lost_acked_moves',
  'late_events',
  'acked_moves',
  'refused_moves',
  'failed_moves',
  'deliveries',
  'games',
  'said_lines',
  'chat_lines',
  'chat_gaps',
  'cuts',
  'unexpected_closes',
  'announced_closes',
  'failed_connects',
  'failed_requests',
] as const;

export interface Run {
  readonly scenario: string;
  readonly target: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly sockets: number;
  readonly vus: number;
  readonly k6: string;
  readonly timeline: Timeline;
  readonly usage: UsageSampler;
  readonly marks: readonly Mark[];
  readonly thresholds: readonly Threshold[];
  /** The messages of k6 and the players, each once. */
  readonly said: readonly string[];
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

const finite = (value: number): number | null => (Number.isFinite(value) ? round(value) : null);

/** What `summary.json` holds: everything the report draws. Times are milliseconds, curves have a point a second. */
export function summarise(run: Run) {
  const { timeline, usage } = run;
  const held = timeline.held();
  const most = held.reduce((best, now) => (now.open > best.open ? now : best), { open: 0, replicas: {} });
  const metrics = Object.fromEntries(
    CURVES.map((curve) => {
      const all = timeline.curve(curve);
      const [p50, p95, p99, max] = [0.5, 0.95, 0.99, 1].map((share) => finite(all.percentile(share)));
      return [METRIC_OF[curve], { samples: all.total, p50, p95, p99, max }];
    }),
  );
  const [whole, part] = [timeline.count('recovered'), timeline.count('unrecovered')];
  return {
    scenario: run.scenario,
    target: run.target,
    startedAt: run.startedAt,
    seconds: run.seconds,
    passed: run.thresholds.every(({ passed }) => passed),
    thresholds: run.thresholds,
    sockets: { wanted: run.sockets, most: most.open, vus: run.vus },
    metrics,
    recovered_rate: { samples: whole + part, rate: whole + part === 0 ? null : whole / (whole + part) },
    counters: Object.fromEntries(COUNTERS.map((name) => [name, timeline.count(name)])),
    closeCodes: timeline.closes,
    /** At the moment with the most sockets. */
    replicas: most.replicas,
    abuse: timeline.abuse ?? null,
    marks: run.marks,
    said: run.said,
    /** Cores that each part used. Above 0.8 of all cores, k6 measures itself. */
    cpu: Object.fromEntries(
      Object.entries(usage.cpu()).map(([name, { mean, most: peak }]) => [
        name,
        { mean: round(mean), most: round(peak) },
      ]),
    ),
    memory: Object.fromEntries(
      [...usage.samples].map(([name, samples]) => [
        name,
        {
          first: samples[0]!.residentBytes,
          last: samples.at(-1)!.residentBytes,
          descriptors: samples.at(-1)!.descriptors,
        },
      ]),
    ),
    machine: {
      cores: os.availableParallelism(),
      memoryBytes: os.totalmem(),
      system: `${os.type()} ${os.release()}`,
      /** Cores that were busy with any work; undefined without /proc. */
      busy: usage.machine(),
    },
    k6: run.k6,
    commit: commit(),
    series: {
      open: held.map(({ open }) => open),
      replicas: held.map(({ replicas }) => replicas),
      ...Object.fromEntries(
        CURVES.map((curve) => [
          curve,
          timeline.perSecond(({ curves }) => ({
            count: curves[curve].total,
            p50: finite(curves[curve].percentile(0.5)),
            p99: finite(curves[curve].percentile(0.99)),
          })),
        ]),
      ),
      deliveries: timeline.perSecond(({ counts }) => counts['deliveries'] ?? 0),
      moves: timeline.perSecond(({ counts }) => counts['acked_moves'] ?? 0),
      lines: timeline.perSecond(({ counts }) => counts['chat_lines'] ?? 0),
      closes: Object.fromEntries(
        (['cuts', 'unexpected_closes', 'announced_closes', 'failed_connects'] as const).map((name) => [
          name,
          timeline.perSecond(({ counts }) => counts[name] ?? 0),
        ]),
      ),
      usage: Object.fromEntries(
        [...usage.samples].map(([name, samples]) => [
          name,
          bySecond(samples, ((timeline.beganAt ?? usage.beganAt) - usage.beganAt) / 1000, timeline.length).map(
            (second) => second && { ...second, cpu: round(second.cpu) },
          ),
        ]),
      ),
    },
  };
}

export type Summary = ReturnType<typeof summarise>;
