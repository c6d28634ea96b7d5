import { type AppName, appUnderTest } from '../kit/apps/index.ts';
import type { Violation } from '../kit/history.ts';
import type { Design } from '../kit/options.ts';
import { percentile } from '../kit/statistics.ts';
import { findViolations } from '../kit/violations.ts';
import type { Fault } from './faults.ts';
import type { Round } from './round.ts';

/** The result of all rounds of one fault in one design. Times are milliseconds. */
export interface Row {
  readonly app: AppName;
  readonly design: Design;
  readonly fault: string;
  readonly rounds: number;
  readonly acked: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly gaps: number;
  /** Wrong order or state, an event without a command, or a broken rule of the application. */
  readonly other: number;
  /** Acknowledged moves that were lost and announced by a new epoch, where Redis promises no more than that. */
  readonly announced: number;
  readonly epochs: number;
  /** The time in each round until every player had a move acknowledged again. */
  readonly back: { readonly median: number; readonly p99: number; readonly rounds: readonly number[] };
  /** The failures, one sentence each; empty when there were none. */
  readonly faults: readonly string[];
}

/** The result of several rounds. Each was checked by itself; their histories are checked once more together. */
export function tally(app: AppName, design: Design, fault: Fault, rounds: readonly Round[]): Row {
  const { mayLose = false } = fault;
  const whole = findViolations(
    rounds.flatMap(({ histories }) => histories),
    appUnderTest(app),
  );
  const single = rounds.flatMap(({ violations }) => violations);
  const violations = whole.length > single.length ? whole : single;
  const count = (...faults: Violation['fault'][]) => violations.filter((one) => faults.includes(one.fault)).length;
  const gone = count('lost tail') + rounds.reduce((sum, { vanished }) => sum + vanished, 0);
  const epochs = rounds.reduce((sum, round) => sum + round.epochs, 0);
  const isWrong = (violation: Violation) => !(mayLose && violation.fault === 'lost tail');
  const waits = rounds.map((round) => Math.round(Math.max(...round.waits))).sort((left, right) => left - right);
  return {
    app,
    design,
    fault: fault.name,
    rounds: rounds.length,
    acked: rounds.reduce((sum, { acknowledged }) => sum + acknowledged.all, 0),
    lost: count('lost') + (mayLose ? 0 : gone),
    duplicated: count('duplicate', 'applied twice'),
    gaps: count('gap'),
    other: count('order', 'state', 'unasked', 'rule'),
    announced: mayLose ? gone : 0,
    epochs,
    back: { median: percentile(waits, 0.5), p99: percentile(waits, 0.99), rounds: waits },
    faults: [
      ...violations.filter(isWrong).map(({ fault: kind, player, detail }) => `${kind}: ${player}, ${detail}`),
      ...rounds.flatMap((round) => problemsOf(round, mayLose).map((problem) => `round ${round.number}: ${problem}`)),
    ],
  };
}

function problemsOf({ acknowledged, epochs, vanished, problems }: Round, mayLose: boolean): string[] {
  return [
    ...problems,
    ...(acknowledged.after === 0 ? ['No move was acknowledged after the fault, so that nothing is proved.'] : []),
    ...(mayLose && epochs === 0 && vanished === 0
      ? ['Redis lost the end of its log, and no new epoch announced it.']
      : []),
    ...(!mayLose && epochs > 0 ? [`${epochs} new epochs began though Redis lost nothing.`] : []),
    ...(!mayLose && vanished > 0 ? [`${vanished} acknowledged moves are gone with their game.`] : []),
  ];
}

const COLUMNS: readonly [string, (row: Row) => string | number][] = [
  ['app', ({ app }) => app],
  ['design', ({ design }) => design],
  ['fault', ({ fault }) => fault],
  ['rounds', ({ rounds }) => rounds],
  ['acked', ({ acked }) => acked],
  ['lost', ({ lost }) => lost],
  ['duplicated', ({ duplicated }) => duplicated],
  ['gaps', ({ gaps }) => gaps],
  ['other', ({ other }) => other],
  ['announced', ({ announced }) => announced],
  ['epochs', ({ epochs }) => epochs],
  ['back ms, median', ({ back }) => back.median],
  ['p99', ({ back }) => back.p99],
];

/** A table in Markdown, columns aligned. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, value]) => String(value(row))))];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const isText = (column: number) => column < 3;
  const format = (line: readonly string[]) =>
    `| ${line
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join(' | ')} |`;
  const rule = widths.map((width, column) => (isText(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [format(lines[0]!), format(rule), ...lines.slice(1).map(format)].join('\n');
}
