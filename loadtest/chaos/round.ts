import type { AppUnderTest } from '../kit/apps/app-under-test.ts';
import { type AppName, appUnderTest } from '../kit/apps/index.ts';
import type { ClientHistory, Violation } from '../kit/history.ts';
import { inTime } from '../kit/pause.ts';
import { Random } from '../kit/random.ts';
import { findViolations } from '../kit/violations.ts';
import type { Fault, Strike } from './faults.ts';
import type { FaultyCluster } from './faulty-cluster.ts';
import { connectPlayer, Party } from './party.ts';

export interface RoundOptions {
  readonly app: AppName;
  readonly seed: number;
  readonly number: number;
  /** Players of each of the two games. */
  readonly players: number;
}

/** The observations of one round. Times are milliseconds. */
export interface Round {
  readonly number: number;
  readonly what: string;
  /** Moves acknowledged in all, from the strike until the fault was over, and after that. */
  readonly acknowledged: { readonly all: number; readonly during: number; readonly after: number };
  /** The longest time that each player waited for an acknowledgement after the strike. */
  readonly waits: readonly number[];
  /** Epochs of a game after its first. */
  readonly epochs: number;
  /** Acknowledged moves that were lost with games the server no longer knows. */
  readonly vanished: number;
  readonly violations: readonly Violation[];
  /** Why the round proves nothing, or what else went wrong. */
  readonly problems: readonly string[];
  readonly histories: readonly ClientHistory[];
}

const MOVES_BEFORE = 4;
const MOVES_AFTER = 4;
const AUDIT_MS = 10_000;

/** Plays, lets the fault strike, plays on, and checks the histories of all players. The cluster is whole afterwards. */
export async function playRound(stage: FaultyCluster, fault: Fault, options: RoundOptions): Promise<Round> {
  const { app: name, seed, number, players: count } = options;
  const app = appUnderTest(name);
  const random = Random.of(seed, `${name} ${stage.design} ${fault.name} ${number}`);
  const parties: Party[] = [];
  try {
    // In one game every player has its own replica; in the other the sockets go where the design routes them.
    parties.push(await Party.seat(stage.cluster, { app, count, random, client: { routeByGame: false } }));
    parties.push(await Party.seat(stage.cluster, { app, count, random }));
    return await play({ stage, fault, app, random, parties, number });
  } finally {
    for (const party of parties) party.close();
  }
}

interface Play {
  readonly stage: FaultyCluster;
  readonly fault: Fault;
  readonly app: AppUnderTest;
  readonly random: Random;
  readonly parties: readonly Party[];
  readonly number: number;
}

async function play({ stage, fault, app, random, parties, number }: Play): Promise<Round> {
  const problems: string[] = [];
  const movedOn = async (since: number, count: number, when: string) => {
    const moved = await Promise.all(parties.map((party) => party.moved(since, count)));
    if (moved.includes(false)) problems.push(`Not everybody could move ${when}.`);
  };
  const before = await stage.processes();
  for (const party of parties) party.start();
  await movedOn(0, MOVES_BEFORE, 'before the fault');
  const struckAt = performance.now();
  const struck = await fault.strike(stage, random).catch((error: Error) => error);
  const overAt = performance.now();
  if (struck instanceof Error) problems.push(`The fault did not strike: ${struck.message}`);
  await stage.cluster.settled();
  await movedOn(performance.now(), MOVES_AFTER, 'after the fault');
  const endedAt = performance.now();
  await Promise.all(parties.map((party) => party.finish()));
  if (!(struck instanceof Error)) problems.push(...wrongEnds(before, await stage.processes(), struck));
  const histories = parties.flatMap((party) => party.players.map((player) => player.history()));
  histories.push(await audit(stage, app, parties, problems));
  const times = parties.flatMap(({ acknowledgedAt }) => acknowledgedAt);
  const after = times.flat().filter((time) => time > overAt).length;
  const all = times.flat().length;
  const during = times.flat().filter((time) => time > struckAt).length - after;
  const vanished = new Set(parties.flatMap((party) => [...party.vanished]));
  return {
    number,
    what: struck instanceof Error ? 'nothing struck' : struck.what,
    acknowledged: { all, during, after },
    waits: times.map((own) => longestWait(own, struckAt, endedAt)),
    epochs: epochsOf(histories),
    vanished: histories.flatMap(({ acknowledged }) => acknowledged).filter(({ game }) => vanished.has(game)).length,
    violations: findViolations(histories, app),
    problems: [...problems, ...parties.flatMap((party) => party.problems)],
    histories,
  };
}

/** The state of the games as a new client sees it, to be compared with what the server acknowledged. */
async function audit(
  stage: FaultyCluster,
  app: AppUnderTest,
  parties: readonly Party[],
  problems: string[],
): Promise<ClientHistory> {
  const auditor = await connectPlayer(stage.cluster, app, 'Auditor');
  try {
    for (const party of parties) {
      const game = party.games.at(-1);
      if (game === undefined || party.vanished.has(game)) continue;
      const seen = auditor.client.watch(game).then(() => auditor.until(game, () => true));
      if (!(await inTime(seen, AUDIT_MS))) problems.push(`Nobody could look at game ${game}.`);
    }
    return auditor.history();
  } finally {
    auditor.client.close();
  }
}

/** Processes that the fault should not have ended, or should have ended and did not. */
function wrongEnds(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  { ended }: Strike,
): string[] {
  return [...before].flatMap(([name, pid]) => {
    if (ended.includes(name) === (after.get(name) !== pid)) return [];
    return [
      ended.includes(name) ? `${name} was not ended by the fault.` : `${name} ended, which the fault does not explain.`,
    ];
  });
}

/** The longest time without an acknowledgement within an interval. */
export function longestWait(acknowledgedAt: readonly number[], from: number, to: number): number {
  const within = acknowledgedAt.filter((time) => time > from && time <= to);
  const marks = [from, ...within, ...(within.length === 0 ? [to] : [])];
  return Math.max(...marks.slice(1).map((mark, index) => mark - marks[index]!));
}

function epochsOf(histories: readonly ClientHistory[]): number {
  const epochs = new Map<string, Set<string>>();
  for (const { game, epoch } of histories.flatMap(({ observed }) => observed)) {
    epochs.set(game, (epochs.get(game) ?? new Set()).add(epoch));
  }
  return [...epochs.values()].reduce((sum, { size }) => sum + size - 1, 0);
}
