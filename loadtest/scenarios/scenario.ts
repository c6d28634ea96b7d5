import type { Plan } from '../k6/plan.ts';
import type { UsageSampler } from '../kit/usage-sampler.ts';
import type { Attacks, Disturber, Mark } from '../load/disturber.ts';
import type { Timeline } from '../load/timeline.ts';
import type { Threshold } from '../load/verdict.ts';

/** The size of a run; each value is also a flag. */
export interface Size {
  /** Held in all. */
  readonly sockets: number;
  /** Of k6, that hold them. */
  readonly vus: number;
  readonly seconds: number;
  /** Moves a second of each that plays. */
  readonly pace: number;
}

/** The actions of a scenario on a cluster, which not every target allows. */
export type Ability = 'faults' | 'rollOut' | 'rotate';

/** A finished run, for the judge. */
export interface RunData {
  readonly size: Size;
  readonly timeline: Timeline;
  readonly usage: UsageSampler;
  readonly marks: readonly Mark[];
  readonly attacks: Attacks;
}

/** The part of a plan that a scenario sets; the rest comes from the target and the size of the run. */
export type PlanPart = Pick<Plan, 'playing' | 'thresholds'> &
  Partial<Pick<Plan, 'steps' | 'rampSeconds' | 'game' | 'chatLines' | 'cuts' | 'abuse' | 'lateMs'>>;

/** One kind of load run. */
export interface Scenario {
  readonly about: string;
  readonly size: Omit<Size, 'vus'>;
  /**
   * The number of source addresses of the players, where every loopback address is a source and the edge limits each.
   */
  readonly addresses?: number;
  /** The actions that the target must allow, checked before anything starts. */
  readonly needs?: Ability;
  plan(size: Size): PlanPart;
  /** The actions on the cluster during the run; they end with it. */
  disturb?(disturber: Disturber, size: Size): Promise<void>;
  /** Before k6 starts, where the cluster must be made ready for it. */
  prepare?(disturber: Disturber): Promise<void>;
  /** The judgement of things that k6 cannot see. */
  judge?(run: RunData): Threshold[];
  /** Judges a step that is over: whether the next one is to be taken. */
  step?(run: RunData, step: number): { readonly held: boolean; readonly text: string };
}

/** Nothing is lost, repeated or left out, and a client that was away gets exactly the events that it missed. */
export const EXACT: Plan['thresholds'] = {
  gaps: ['count==0'],
  duplicates: ['count==0'],
  lost_acked_moves: ['count==0'],
  recovered_rate: ['rate==1'],
};
/** In addition, no client is closed and nothing fails. For scenarios in which nothing breaks. */
export const CALM: Plan['thresholds'] = {
  ...EXACT,
  late_events: ['count==0'],
  failed_moves: ['count==0'],
  unexpected_closes: ['count==0'],
  failed_connects: ['count==0'],
};
/**
 * Share of the deliveries that may be late in long runs with many deliveries, where one may meet a stall of the
 * machine.
 */
const MOST_LATE = 0.001;

/** Checks that almost no delivery took longer than the plan's `lateMs`. */
export function judgeLateness({ timeline }: Pick<RunData, 'timeline'>): Threshold {
  const [late, all] = [timeline.count('late_events'), timeline.curve('lag').total];
  return {
    name: `at most ${MOST_LATE * 100} % of the deliveries are late`,
    passed: all > 0 && late <= all * MOST_LATE,
    value: `${late} of ${all}`,
  };
}

/** `CALM` for runs of many deliveries: their lateness is judged as a share, by `judgeLateness`. */
const { late_events: _, ...CALM_BUT_LATE } = CALM;

export { CALM_BUT_LATE };

/** A few sockets, so that every run has figures of resuming. */
export const SAMPLE_CUT = (at: number) => [{ at, share: 0.02, over: 1 }];
