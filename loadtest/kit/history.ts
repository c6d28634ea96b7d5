import type { AppCommand } from '../../services/protocol/index.ts';

/** One change that a client applied to its copy of a game, in order; `at` is the time of the event. */
export type Observation =
  | { kind: 'event'; game: string; epoch: string; seq: number; at: number; event: unknown }
  | { kind: 'snapshot'; game: string; epoch: string; seq: number; state: unknown };

/** The final state of a game for one client. */
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

/** One part of a game's history that came over a socket, in order of arrival. */
export type Received =
  /** A new socket, and the client's place in each game when it was welcomed: it asks for the events from there. */
  | { kind: 'welcome'; known: readonly { game: string; epoch: string; seq: number }[] }
  | { kind: 'event' | 'snapshot'; game: string; epoch: string; seq: number };

/** The observations of one player's client, and its acknowledgements. */
export interface ClientHistory {
  readonly player: string;
  readonly name: string;
  readonly observed: readonly Observation[];
  readonly final: readonly FinalState[];
  readonly acknowledged: readonly Acknowledged[];
  /** Commands whose outcome the player does not know. Each may have happened, once. */
  readonly open: readonly { readonly game: string; readonly command: AppCommand }[];
  /** The messages of its sockets, before the client put anything in order. */
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
