import type { Summary } from './summary.ts';
import type { Timeline } from './timeline.ts';

const ms = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : `${Math.round(value)}`;
/** From here on the delay of the generator is reported. */
const LATE_MS = 100;
/** As a share of the round trip, both p99. */
const LATE_SHARE = 0.3;

/** Whether the latencies are k6's own, as a sentence; undefined when it was in time. */
export function describeGenerator({ metrics }: Pick<Summary, 'metrics'>): string | undefined {
  const [delay, move] = [metrics['generator_delay_ms']?.p99 ?? 0, metrics['move_round_trip_ms']?.p99 ?? 0];
  if (delay < LATE_MS || delay < move * LATE_SHARE) return undefined;
  return (
    `k6 did not get to run in time: its moves were made up to ${ms(delay)} ms late (p99), which is part of their ` +
    `round trip of ${ms(move)} ms, and answers waited too. Use fewer sockets, or an idle machine`
  );
}

/** The part of the measurements that may be due to the machine: its other load, and how long all processes waited. */
export function describeMachine({ machine, cpu }: Pick<Summary, 'machine' | 'cpu'>): string {
  if (!machine.busy) return 'not known here';
  const parts = Object.values(cpu).reduce((sum, { mean }) => sum + mean, 0);
  const { cores, waitedForCore, waitedForDisk } = machine.busy;
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return (
    `${cores.toFixed(1)} of ${machine.cores} cores busy, ${parts.toFixed(1)} by the parts of this run; ` +
    `something waited for a core ${percent(waitedForCore)} of the time, for the disk ${percent(waitedForDisk)}`
  );
}

/** Counts by name, as `a 1, b 2`. */
export const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none';

/** A line for each time that was measured, under a heading. */
export function describeTimes(metrics: Summary['metrics']): string[] {
  const heading = `  ${'milliseconds'.padEnd(20)} ${'samples'.padStart(8)}${['p50', 'p95', 'p99', 'max'].map((name) => name.padStart(8)).join('')}`;
  const times = Object.entries(metrics).map(
    ([name, { samples, p50, p95, p99, max }]) =>
      `  ${name.padEnd(20)} ${String(samples).padStart(8)} ${[p50, p95, p99, max].map((value) => ms(value).padStart(8)).join('')}`,
  );
  return [heading, ...times];
}

/** The result as it is printed: figures, then every threshold. */
export function describe(summary: Summary): string {
  const cpu = Object.entries(summary.cpu)
    .map(([name, { mean }]) => `${name} ${Math.round(mean * 100)} %`)
    .join(', ');
  const { rate } = summary.recovered_rate;
  return [
    '',
    ...describeTimes(summary.metrics),
    '',
    `  recovered            ${rate === null ? 'no samples' : `${(rate * 100).toFixed(2)} % of ${summary.recovered_rate.samples}`}`,
    `  counters             ${listed(summary.counters)}`,
    `  close codes          ${listed(summary.closeCodes)}`,
    `  sockets              ${summary.sockets.most} held at most; by replica: ${listed(summary.replicas)}`,
    `  CPU of one core      ${cpu || 'not on this machine'}`,
    `  machine              ${describeMachine(summary)}`,
    ...[describeGenerator(summary)].flatMap((text) => (text === undefined ? [] : [`  generator            ${text}`])),
    ...summary.marks.map(({ at, text }) => `  at ${String(at).padStart(7)} s         ${text}`),
    '',
    ...summary.thresholds.map(({ name, passed, value }) => `  ${passed ? 'ok  ' : 'FAIL'} ${name} (${value})`),
    '',
    summary.passed ? 'every threshold holds' : 'FAILED',
  ].join('\n');
}

const EVERY_MS = 1000;
/** Without a terminal, as in a log, lines are less frequent. */
const QUIET_EVERY_S = 10;

/** Reports the progress of a run, from the reports of the virtual users so far. */
export class Progress {
  /** Resolves when the players have begun. */
  readonly began: Promise<void>;
  readonly #timeline: Timeline;
  readonly #seconds: number;
  readonly #report: (line: string) => void;
  readonly #timer: NodeJS.Timeout;
  #begin: () => void = () => undefined;
  #lines = 0;

  constructor(timeline: Timeline, seconds: number, report: (line: string) => void) {
    this.#timeline = timeline;
    this.#seconds = seconds;
    this.#report = report;
    this.began = new Promise((resolve) => (this.#begin = resolve));
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { length } = this.#timeline;
    if (length === 0) return;
    this.#begin();
    const second = Math.min(length, this.#seconds);
    if (second < this.#lines * QUIET_EVERY_S) return;
    this.#lines = Math.floor(second / QUIET_EVERY_S) + 1;
    const recent = this.#timeline.curve('move', length - QUIET_EVERY_S);
    const p99 = recent.total === 0 ? 'none yet' : `p99 ${Math.round(recent.percentile(0.99))} ms`;
    this.#report(
      `${String(second).padStart(5)} of ${this.#seconds} s: ${this.#timeline.openNow} sockets, moves ${p99}`,
    );
  }
}
