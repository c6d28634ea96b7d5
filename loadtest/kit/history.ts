import type { AppCommand } from '../../services/protocol/index.ts';

/** One thing a client applied to its picture of a game, in the order it did so; `at` is the time of the event. */
export type Observation =
  | { kind: 'event'; game: string; epoch: string; seq: number; at: number; event: unknown }
  | { kind: 'snapshot'; game: string; epoch: string; seq: number; state: unknown };

/** How a game stood in the end for one client. */
export interface FinalState {
  readonly game: string;
  readonly epoch: string;
  readonly seq: number;
  readonly state: unknown;
}

/** A command and the place that its acknowledgement named. */
export interface Acknowledged {
  readonly game: string;
  readonly epoch: string;
  readonly seq: number;
  readonly command: AppCommand;
}

/** One thing of a game's history that came over a socket, in the order it came. */
export type Received =
  /** A new socket, and how far the client knew each game when it was welcomed: from there on it asks. */
  | { kind: 'welcome'; known: readonly { game: string; epoch: string; seq: number }[] }
  | { kind: 'event' | 'snapshot'; game: string; epoch: string; seq: number };

/** What one player's client saw and was promised. */
export interface ClientHistory {
  readonly player: string;
  readonly name: string;
  readonly observed: readonly Observation[];
  readonly final: readonly FinalState[];
  readonly acknowledged: readonly Acknowledged[];
  /** Commands whose fate the player does not know: each may have happened, once. */
  readonly open: readonly { readonly game: string; readonly command: AppCommand }[];
  /** What its sockets brought, before the client put anything in order. */
  readonly received?: readonly Received[];
}

export type Fault =
  | 'gap'
  | 'duplicate'
  | 'applied twice'
  | 'order'
  | 'lost'
  | 'lost tail'
  | 'state'
  | 'unasked'
  | 'rule';

export interface Violation {
  readonly fault: Fault;
  readonly player: string;
  readonly detail: string;
}
