import { waitFor } from '../../../infra/local/wait.ts';
import type { ConnectPlan } from '../../connect/options.ts';
import { holdSockets } from '../../connect/run.ts';
import type { ConnectSummary } from '../../connect/summary.ts';
import { Tally } from '../../connect/tally.ts';
import type { Histogram } from '../../k6/histogram.ts';
import { Random } from '../../kit/random.ts';
import type { Scene, Strike, UserFault } from './faults.ts';
import type { Stage } from './stage.ts';

const PATIENCE_MS = 30_000;
const LOOK_MS = 10;
/** The close code of a socket that ended without a close frame. */
export const UNANNOUNCED = 1006;

/** The observations of one round. Times are milliseconds. */
export interface UserRound {
  readonly number: number;
  readonly what: string;
  /** Sockets that were dropped, by close code; handshakes that failed, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, number>>;
  /** The time from the strike until every socket was open, and until each dropped socket was. */
  readonly wholeAgainMs: number;
  readonly reconnects: Histogram;
  /** The failures, one sentence each; empty when there were none. */
  readonly problems: readonly string[];
}

export interface UserRoundOptions {
  readonly plan: ConnectPlan;
  readonly seed: number;
  readonly number: number;
  /** How long to wait for a socket that does not come back. */
  readonly patienceMs?: number;
}

/**
 * Opens the sockets, lets the fault strike, waits until all are open again, and closes them. The stage is whole
 * afterwards.
 */
export async function playUserRound(stage: Stage, fault: UserFault, options: UserRoundOptions): Promise<UserRound> {
  const { plan, seed, number, patienceMs = PATIENCE_MS } = options;
  const { sockets } = plan;
  const tally = new Tally();
  const enough = new AbortController();
  const running = holdSockets({ ...plan, through: stage.link.port }, () => undefined, enough.signal, tally);
  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    await waitFor(async () => isSo() || undefined, { what, timeoutMs: patienceMs, intervalMs: LOOK_MS });
  };
  const whole = () => until('every socket to be open', () => tally.open === sockets);
  const scene: Scene = { stage, sockets, whole };
  const problems: string[] = [];
  let struck: Strike | undefined;
  let wholeAgainMs = Number.NaN;
  try {
    await whole();
    if (plan.ping) await until('an answer for every socket', () => tally.answered >= sockets);
    const struckAt = performance.now();
    struck = await fault.strike(scene, Random.of(seed, `${fault.name} ${number}`));
    const { least } = struck.drops;
    await until('the drops of the fault', () => tally.dropCount >= least).catch(() => undefined);
    await until('every socket to be open again', () => tally.open === sockets && tally.opened >= sockets + least);
    wholeAgainMs = performance.now() - struckAt;
    await stage.edge?.settled();
  } catch (error) {
    problems.push((error as Error).message);
  } finally {
    enough.abort();
  }
  const summary = await running;
  if (struck) problems.push(...judge(summary, struck));
  return {
    number,
    what: struck?.what ?? 'nothing struck',
    dropped: summary.dropped,
    refused: summary.failed,
    wholeAgainMs,
    reconnects: tally.times.reconnect,
    problems,
  };
}

/** The failures that the fault does not explain. */
export function judge(
  { dropped, sockets, pings }: Pick<ConnectSummary, 'dropped' | 'sockets' | 'pings'>,
  { drops, announces }: Pick<Strike, 'drops' | 'announces'>,
): string[] {
  const count = Object.values(dropped).reduce((sum, one) => sum + one, 0);
  const unannounced = dropped[UNANNOUNCED] ?? 0;
  const silent = pings.sent - pings.answered - pings.cutShort;
  return [
    ...(count < drops.least ? [`It should have dropped ${drops.least} sockets, and dropped ${count}.`] : []),
    ...(count > drops.most ? [`${count} sockets were dropped, and the fault explains ${drops.most}.`] : []),
    ...(announces && unannounced > 0
      ? [`${unannounced} sockets were cut without a close frame: close them with 1001 before you end.`]
      : []),
    ...(sockets.atEnd < sockets.wanted ? [`${sockets.wanted - sockets.atEnd} sockets were not open at the end.`] : []),
    ...(silent > 0 ? [`${silent} pings were not answered though their socket stayed open.`] : []),
  ];
}
