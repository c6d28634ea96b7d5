import type { BreakPart, Strike } from '../../protocol/break-it.ts';

/** What the page can break: a part of the cluster, or its own network. */
export type Target = BreakPart | 'network';

/** The part of a room's history that this page received during a trial. */
export interface Tally {
  readonly epoch: string;
  /** The newest event before the trial, and the newest one now. */
  readonly from: number;
  readonly to: number;
  /** Events received since, each counted once. */
  readonly received: number;
}

/** One fault, and what this page noticed of it. Times are milliseconds by the clock of the page. */
export interface Trial {
  readonly number: number;
  readonly target: Target;
  readonly begunAt: number;
  readonly state: 'under way' | 'over' | 'failed';
  /** The replica that held the socket. */
  readonly replica: string | undefined;
  readonly lostAt?: number;
  readonly backAt?: number;
  readonly replicaAfter?: string | undefined;
  readonly tally: Tally;
  /** The supervisor's report about the part. */
  readonly strike?: Strike;
  readonly problem?: string;
}

/** Events that the room has and this page has not. */
export const missed = ({ from, to, received }: Tally): number => to - from - received;

/** Records that the socket was lost, unless that is known already. */
export function lost(trial: Trial, now: number): Trial {
  return trial.lostAt === undefined ? { ...trial, lostAt: now } : trial;
}

/** Records that the socket is back, with every event that the page had missed. */
export function back(trial: Trial, now: number, replica: string | undefined): Trial {
  if (trial.lostAt === undefined || trial.backAt !== undefined) return trial;
  return { ...trial, backAt: now, replicaAfter: replica };
}

/** Records an event of the room. */
export function received(trial: Trial, { epoch, seq }: { epoch: string; seq: number }): Trial {
  const { tally } = trial;
  if (epoch !== tally.epoch || seq <= tally.to) return trial;
  return { ...trial, tally: { ...tally, to: seq, received: tally.received + 1 } };
}

/** Records the server's position in the room's history: the events up to there came or were missed. */
export function reached(trial: Trial, { epoch, seq }: { epoch: string; seq: number }): Trial {
  const { tally } = trial;
  // The store lost the newest events and began a new epoch, so counting begins again.
  if (epoch !== tally.epoch) return { ...trial, tally: { epoch, from: 0, to: seq, received: 0 } };
  return seq <= tally.to ? trial : { ...trial, tally: { ...tally, to: seq } };
}

/** Whether the fault breaks the socket, so that the trial waits for its loss. */
const takesSocket = ({ target }: Trial): boolean => target !== 'redis' && target !== 'certificate';

/** Whether the part and the socket are back. */
export function isSettled(trial: Trial, isOpen: boolean): boolean {
  const partIsBack = trial.target === 'network' || trial.strike?.state === 'over';
  const socketIsBack = trial.lostAt === undefined ? !takesSocket(trial) : trial.backAt !== undefined;
  return isOpen && partIsBack && socketIsBack;
}
