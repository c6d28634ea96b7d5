import type { Summary } from './summary.ts';

const ms = (value: number | null | undefined): string => (value === null || value === undefined ? '-' : `${Math.round(value)}`);
const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(', ') || 'none';

/** The result as it is printed: figures, then every threshold. */
export function describe(summary: Summary): string {
  const times = Object.entries(summary.metrics).map(([name, { samples, p50, p95, p99, max }]) =>
    `  ${name.padEnd(20)} ${String(samples).padStart(8)} ${[p50, p95, p99, max].map((value) => ms(value).padStart(8)).join('')}`);
  const cpu = Object.entries(summary.cpu).map(([name, { mean }]) => `${name} ${Math.round(mean * 100)} %`).join(', ');
  const { rate } = summary.recovered_rate;
  return [
    '',
    `  ${'milliseconds'.padEnd(20)} ${'samples'.padStart(8)}${['p50', 'p95', 'p99', 'max'].map((name) => name.padStart(8)).join('')}`,
    ...times,
    '',
    `  recovered            ${rate === null ? 'no samples' : `${(rate * 100).toFixed(2)} % of ${summary.recovered_rate.samples}`}`,
    `  counters             ${listed(summary.counters)}`,
    `  close codes          ${listed(summary.closeCodes)}`,
    `  sockets              ${summary.sockets.most} held at most; by replica: ${listed(summary.replicas)}`,
    `  CPU of one core      ${cpu || 'not on this machine'}`,
    ...summary.marks.map(({ at, text }) => `  at ${String(at).padStart(7)} s         ${text}`),
    '',
    ...summary.thresholds.map(({ name, passed, value }) => `  ${passed ? 'ok  ' : 'FAIL'} ${name} (${value})`),
    '',
    summary.passed ? 'every threshold holds' : 'FAILED',
  ].join('\n');
}
