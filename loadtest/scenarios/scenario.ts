import type { Plan } from '../k6/plan.ts';
import type { Disturber } from '../load/disturber.ts';
import type { Journal } from '../load/journal.ts';
import type { UsageSampler } from '../load/usage.ts';
import type { Threshold } from '../load/verdict.ts';

/** How large a run is; each may be given as a flag. */
export interface Size {
  /** Held in all. */
  readonly sockets: number;
  /** Of k6, that hold them. */
  readonly vus: number;
  readonly seconds: number;
  /** Moves a second of each that plays. */
  readonly pace: number;
}

export interface Mark {
  /** Second of the run. */
  readonly at: number;
  readonly text: string;
}

/** A run that is over, for who judges it. */
export interface RunData {
  readonly size: Size;
  readonly journal: Journal;
  readonly usage: UsageSampler;
  readonly marks: readonly Mark[];
}

/** What may be said by a scenario of a plan; the rest comes from where and how large the run is. */
export type PlanPart = Pick<Plan, 'playing' | 'thresholds'> &
  Partial<Pick<Plan, 'steps' | 'rampSeconds' | 'game' | 'chatLines' | 'cuts' | 'abuse' | 'lateMs'>>;

/** One kind of load run. */
export interface Scenario {
  readonly about: string;
  readonly size: Omit<Size, 'vus'>;
  plan(size: Size): PlanPart;
  /** What is done to the cluster meanwhile; ends with the run. */
  disturb?(disturber: Disturber, size: Size): Promise<void>;
  /** Before k6 starts, where the cluster must be made ready for it. */
  prepare?(disturber: Disturber): Promise<void>;
  /** What k6 cannot judge. */
  judge?(run: RunData): Threshold[];
  /** Judges a step that is over: whether the next one is to be taken. */
  step?(run: RunData, step: number): { readonly held: boolean; readonly text: string };
}

/** Nothing lost, nothing twice, nothing left out, and whoever was away gets exactly what it missed. */
export const EXACT: Plan['thresholds'] = {
  gaps: ['count==0'],
  duplicates: ['count==0'],
  lost_acked_moves: ['count==0'],
  recovered_rate: ['rate==1'],
};
/** Beside that: nobody is closed, nothing fails. For scenarios in which nothing breaks. */
export const CALM: Plan['thresholds'] = {
  ...EXACT,
  late_events: ['count==0'],
  failed_moves: ['count==0'],
  unexpected_closes: ['count==0'],
  failed_connects: ['count==0'],
};
/** A few sockets, so that every run has figures of resuming. */
export const SAMPLE_CUT = (at: number) => [{ at, share: 0.02, over: 1 }];
