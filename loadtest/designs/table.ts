import type { Measured, Pause } from './measure.ts';

const ms = (value: number) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
const micros = (value: number | undefined) => `${(value ?? Number.NaN).toFixed(0)} µs`;
const kib = (value: number | undefined) => `${((value ?? Number.NaN) / 1024).toFixed(1)} KiB`;
const paused = ({ median, last, players }: Pause) => `${ms(median)}, ${ms(last)} for the last of ${players}`;

const ROWS: [what: string, value: (measured: Measured) => string][] = [
  ['move, round trip through the edge, p50', ({ p50 }) => ms(p50)],
  ['move, round trip through the edge, p99', ({ p99 }) => ms(p99)],
  ['CPU for an event that reaches a player: replicas', ({ cpuPerEvent }) => micros(cpuPerEvent['replicas'])],
  ['CPU for an event that reaches a player: edge', ({ cpuPerEvent }) => micros(cpuPerEvent['edge'])],
  ['CPU for an event that reaches a player: Redis', ({ cpuPerEvent }) => micros(cpuPerEvent['redis'])],
  ['memory of an idle connection: replica', ({ bytesPerConnection }) => kib(bytesPerConnection['replicas'])],
  ['memory of an idle connection: edge', ({ bytesPerConnection }) => kib(bytesPerConnection['edge'])],
  ['SIGKILL of a replica: its players play on after', ({ afterKill }) => paused(afterKill)],
  ['SIGKILL of a replica: the other players play on after', ({ othersAfterKill }) => paused(othersAfterKill)],
  ['drain of a replica: its players play on after', ({ afterDrain }) => paused(afterDrain)],
  ['moves passed on to another replica', ({ forwarded }) => `${(100 * forwarded).toFixed(2)} %`],
  ['moves measured', ({ moves }) => String(moves)],
  ['lost, repeated or missing events', ({ violations }) => String(violations)],
];

/** The designs side by side, as a table of Markdown. */
export function table(designs: readonly Measured[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(['', ...designs.map(({ design }) => design)]),
    line(['---', ...designs.map(() => '---')]),
    ...ROWS.map(([what, value]) => line([what, ...designs.map(value)])),
  ].join('\n');
}
