import { Histogram } from '../../k6/histogram.ts';
import { markdownTable } from '../../kit/markdown-table.ts';
import { UNANNOUNCED, type UserRound } from './round.ts';

/** All rounds of one fault. Times are milliseconds. */
export interface UserRow {
  readonly fault: string;
  readonly rounds: number;
  /** Sockets in all rounds together. */
  readonly sockets: number;
  /** Dropped with a close frame, and without. */
  readonly announced: number;
  readonly unannounced: number;
  /** Handshakes that failed. */
  readonly refused: number;
  /** For the sockets that were dropped, the time until each was open again. */
  readonly back: { readonly median: number | null; readonly max: number | null };
  readonly faults: readonly string[];
}

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((total, one) => total + one, 0);
const whole = (value: number) => (Number.isFinite(value) ? Math.round(value) : null);

/** The totals of all rounds of a fault. */
export function userRow(fault: string, sockets: number, rounds: readonly UserRound[]): UserRow {
  const times = new Histogram();
  for (const { reconnects } of rounds) times.merge(reconnects);
  const total = (count: (round: UserRound) => number) => rounds.reduce((all, round) => all + count(round), 0);
  const unannounced = total(({ dropped }) => dropped[UNANNOUNCED] ?? 0);
  return {
    fault,
    rounds: rounds.length,
    sockets: sockets * rounds.length,
    announced: total(({ dropped }) => sum(dropped)) - unannounced,
    unannounced,
    refused: total(({ refused }) => sum(refused)),
    back: { median: whole(times.percentile(0.5)), max: whole(times.percentile(1)) },
    faults: rounds.flatMap(({ number, problems }) => problems.map((problem) => `round ${number}: ${problem}`)),
  };
}

const COLUMNS: readonly [string, (row: UserRow) => string | number | null][] = [
  ['fault', ({ fault }) => fault],
  ['rounds', ({ rounds }) => rounds],
  ['sockets', ({ sockets }) => sockets],
  ['announced', ({ announced }) => announced],
  ['unannounced', ({ unannounced }) => unannounced],
  ['refused', ({ refused }) => refused],
  ['back ms, median', ({ back }) => back.median],
  ['max', ({ back }) => back.max],
];

/** A table in Markdown, columns aligned. */
export const userTable = (rows: readonly UserRow[]): string =>
  markdownTable(
    COLUMNS.map(([title]) => title),
    rows.map((row) => COLUMNS.map(([, value]) => String(value(row) ?? '-'))),
    { padded: true },
  );
