import { writeFileSync } from 'node:fs';
import { UsageError } from '../../infra/usage-error.ts';
import { APPS_UNDER_TEST, type AppName } from '../kit/apps/index.ts';
import { DESIGNS, type Design, type Report, toStandardError } from '../kit/options.ts';
import { FAULTS, type Fault } from './faults.ts';
import { FaultyCluster } from './faulty-cluster.ts';
import { measureRecovery, type Recovery } from './recovery.ts';
import { playRound, type Round } from './round.ts';
import { type Row, tableOf, tally } from './tally.ts';
import { FOR_USER_SERVER, flagOf, type UserChaosOptions } from './user-server/options.ts';

export interface ChaosOptions extends UserChaosOptions {
  /** Rounds in all; with `clients`, the number of kills. */
  readonly rounds?: number | undefined;
  readonly app?: AppName | 'both' | undefined;
  readonly design?: Design | 'both' | undefined;
  /** Names of faults; default: all of them. */
  readonly fault?: readonly string[] | undefined;
  readonly players?: number | undefined;
  readonly seed?: number | undefined;
  readonly json?: string | undefined;
  readonly clients?: number | undefined;
}

/** Rounds of each application. */
const DEFAULT_ROUNDS = 22;
const DEFAULT_KILLS = 3;
const DEFAULT_PLAYERS = 4;
const OF_THE_GAME = ['app', 'design', 'players', 'clients'] as const;

/** Plays under faults, or measures recoveries; prints a table. Resolves with the exit code. @throws UsageError */
export function runChaos(options: ChaosOptions, report = toStandardError): Promise<number> {
  if (options.command !== undefined || options.target !== undefined) return runForUser(options, report);
  requireOwnFlags(options);
  const { clients, app = 'grid', design = 'both', seed = Date.now() % 2 ** 32 } = options;
  if (clients !== undefined && clients % 4 !== 0) {
    throw new UsageError(`--clients is ${clients}; four play a game: give a multiple of 4.`);
  }
  if (clients !== undefined && app !== 'grid') {
    throw new UsageError(`--clients measures with grid, and --app is ${app}: leave one of them out.`);
  }
  report(`--seed ${seed}`);
  const designs = design === 'both' ? DESIGNS : [design];
  return clients === undefined
    ? playAll({ ...options, app }, designs, seed, report)
    : killAll(options, designs, clients, seed, report);
}

/** Flags of a game have no meaning for the user's own server. */
async function runForUser(options: ChaosOptions, report: Report): Promise<number> {
  const stray = OF_THE_GAME.find((flag) => options[flag] !== undefined);
  if (stray) throw new UsageError(`--${stray} is for Gridlock's own replicas, not for your server: leave it out.`);
  const { runUserChaos } = await import('./user-server/run.ts');
  return runUserChaos(options, report);
}

function requireOwnFlags(options: ChaosOptions): void {
  const stray = FOR_USER_SERVER.find((option) => options[option] !== undefined);
  if (stray) throw new UsageError(`${flagOf(stray)} is for a server of your own: name it with --command or --target.`);
  const unknown = options.fault?.find((name) => !FAULTS.some((fault) => fault.name === name));
  if (unknown) {
    throw new UsageError(`--fault ${unknown} is for a server of your own: name it with --command or --target.`);
  }
}

async function playAll(
  options: ChaosOptions & { app: AppName | 'both' },
  designs: readonly Design[],
  seed: number,
  report: Report,
) {
  const apps = options.app === 'both' ? APPS_UNDER_TEST : [options.app];
  const { rounds = DEFAULT_ROUNDS * apps.length, players = DEFAULT_PLAYERS, json } = options;
  const faults = faultsOf(options.fault);
  const stages = apps.flatMap((app) => designs.map((design) => ({ app, design })));
  const rows: Row[] = [];
  for (const [place, stage] of stages.entries()) {
    const roundsOf = (fault: Fault) =>
      shareOf(rounds, stages.length * faults.length, place * faults.length + faults.indexOf(fault));
    rows.push(...(await playStage({ ...stage, faults, roundsOf, players, seed, report })));
  }
  const wrong = rows.flatMap((row) =>
    row.faults.map((text) => `FAULT  ${row.app} ${row.design} ${row.fault}: ${text}`),
  );
  console.log([tableOf(rows), ...wrong].join('\n'));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ seed, rows }, null, 2)}\n`);
  return wrong.length > 0 ? 1 : 0;
}

async function killAll(
  options: ChaosOptions,
  designs: readonly Design[],
  clients: number,
  seed: number,
  report: Report,
) {
  const { rounds: kills = DEFAULT_KILLS, json } = options;
  const recoveries: Recovery[] = [];
  for (const design of designs) recoveries.push(...(await measureRecovery({ design, clients, kills, seed, report })));
  console.table(recoveries.map(({ faults, ...columns }) => ({ ...columns, faults: faults.length })));
  const wrong = recoveries.flatMap(({ design, faults }) => faults.map((text) => `FAULT  ${design}: ${text}`));
  if (wrong.length > 0) console.log(wrong.join('\n'));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ seed, recoveries }, null, 2)}\n`);
  return wrong.length > 0 ? 1 : 0;
}

/** The faults of these names in the order of the list, so that Redis changes how it persists only once. */
export const faultsOf = (names: readonly string[] | undefined): readonly Fault[] =>
  names === undefined ? FAULTS : FAULTS.filter(({ name }) => names.includes(name));

/** The rounds of each kind when `rounds` are shared evenly among `kinds`; the first kinds get the remainder. */
export const shareOf = (rounds: number, kinds: number, index: number): number =>
  Math.floor(rounds / kinds) + (index < rounds % kinds ? 1 : 0);

interface StageRun {
  readonly app: AppName;
  readonly design: Design;
  readonly faults: readonly Fault[];
  /** The number of rounds of a fault. */
  readonly roundsOf: (fault: Fault) => number;
  readonly players: number;
  readonly seed: number;
  readonly report: Report;
}

/** Plays the rounds of one application in one design, all on one cluster, fault by fault. */
async function playStage({ app, design, faults, roundsOf, players, seed, report }: StageRun): Promise<Row[]> {
  const rows: Row[] = [];
  const struck = faults.filter((fault) => roundsOf(fault) > 0);
  if (struck.length < faults.length) {
    report(`${app} ${design}: --rounds is too small for ${faults.length - struck.length} of ${faults.length} faults`);
  }
  if (struck.length === 0) return rows;
  report(`${app} ${design}: starting a cluster`);
  const cluster = await FaultyCluster.start(design, app);
  try {
    for (const fault of struck) {
      const rounds: Round[] = [];
      await cluster.persist(fault.persistence);
      for (let number = 1; number <= roundsOf(fault); number++) {
        const round = await playRound(cluster, fault, { app, seed, number, players });
        rounds.push(round);
        for (const line of describeRound(`${app} ${design}`, fault, round)) report(line);
      }
      rows.push(tally(app, design, fault, rounds));
    }
  } finally {
    await cluster.stop();
  }
  return rows;
}

function describeRound(stage: string, fault: Fault, round: Round): string[] {
  const { all, during, after } = round.acknowledged;
  const back = `back within ${Math.round(Math.max(...round.waits))} ms`;
  const nameOf = (kind: string) => (kind === 'lost tail' && fault.mayLose ? 'announced' : kind);
  const seen = round.violations.map((one) => `${nameOf(one.fault)}: ${one.detail}`);
  return [
    `${stage} ${fault.name} ${round.number}: ${round.what}; ${all} acknowledged, ${during} during, ${after} after; ${back}`,
    ...[...round.problems, ...seen].map((line) => `  ${line}`),
  ];
}
