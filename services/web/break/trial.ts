import type { BreakPart, Strike } from '../../protocol/break-it.ts';

/** What the page can break: a part of the cluster, or its own way there. */
export type Target = BreakPart | 'network';

/** How much of a room's history came to this page while something was broken. */
export interface Tally {
  readonly epoch: string;
  /** The newest event before it, and the newest one now. */
  readonly from: number;
  readonly to: number;
  /** Events that came since, each counted once. */
  readonly received: number;
}

/** One thing that was broken, and what this page noticed of it. Times are milliseconds by the clock of the page. */
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

/** The socket was lost, unless that is known already. */
export function lost(trial: Trial, now: number): Trial {
  return trial.lostAt === undefined ? { ...trial, lostAt: now } : trial;
}

/** The socket is back, with every event that the page had missed. */
export function back(trial: Trial, now: number, replica: string | undefined): Trial {
  if (trial.lostAt === undefined || trial.backAt !== undefined) return trial;
  return { ...trial, backAt: now, replicaAfter: replica };
}

/** An event of the room came. */
export function received(trial: Trial, { epoch, seq }: { epoch: string; seq: number }): Trial {
  const { tally } = trial;
  if (epoch !== tally.epoch || seq <= tally.to) return trial;
  return { ...trial, tally: { ...tally, to: seq, received: tally.received + 1 } };
}

/** The room is at this place of its history, as the server says; the events up to there came or were missed. */
export function reached(trial: Trial, { epoch, seq }: { epoch: string; seq: number }): Trial {
  const { tally } = trial;
  // The store lost its end: what was known of it does not count on.
  if (epoch !== tally.epoch) return { ...trial, tally: { epoch, from: 0, to: seq, received: 0 } };
  return seq <= tally.to ? trial : { ...trial, tally: { ...tally, to: seq } };
}

/** Whether such a strike takes the socket away, so that the trial waits for that. */
const takesSocket = ({ target }: Trial): boolean => target !== 'redis' && target !== 'certificate';

/** Whether the part and the socket are back. */
export function isSettled(trial: Trial, isOpen: boolean): boolean {
  const partIsBack = trial.target === 'network' || trial.strike?.state === 'over';
  const socketIsBack = trial.lostAt === undefined ? !takesSocket(trial) : trial.backAt !== undefined;
  return isOpen && partIsBack && socketIsBack;
}
