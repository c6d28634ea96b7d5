import {
  type AnyCommand,
  type AnyRoomType,
  ERROR_CODES,
  type ErrorCode,
  type PlayerRef,
  type RefusalCode,
} from '../../protocol/index.ts';
import type { LogEntry, Position } from '../history/history.ts';

/**
 * A player who acts through one socket. Of two sockets of a player the one of the higher generation counts.
 */
export interface SocketActor {
  readonly player: PlayerRef;
  readonly generation: number;
  /** By which the games that it makes are counted, as `addressGroup` gives it. */
  readonly address?: string;
}

/**
 * A backend that acts for a player. It has no socket, so that none of the player's fences it, and it fences none. Its
 * request ids are its own: they are never confused with those of a player or of another backend.
 */
export interface BackendActor {
  readonly player: PlayerRef;
  /** Its name: 1 to 32 of A-Z a-z 0-9 _ - */
  readonly backend: string;
}

export type Actor = SocketActor | BackendActor;

/** The actor of a command, as one replica passes it on to another. */
export type Asker = Pick<SocketActor, 'player' | 'generation'> | BackendActor;

export const askerOf = (actor: Actor): Asker =>
  'backend' in actor
    ? { player: actor.player, backend: actor.backend }
    : { player: actor.player, generation: actor.generation };

/** Whose request ids those of an actor are. Ids of players have no `@`. */
export const requesterOf = (actor: Asker): string => ('backend' in actor ? `@${actor.backend}` : actor.player.id);

/**
 * Where in a game's history a request took effect. `duplicate`: it had been applied before, and this is that
 * answer.
 */
export interface Applied {
  readonly game: string;
  readonly epoch: string;
  readonly seq: number;
  readonly duplicate: boolean;
}

/** A game as it was at `seq`. */
export interface View {
  readonly game: string;
  readonly epoch: string;
  readonly seq: number;
  readonly now: number;
  /** A value of the room type's. */
  readonly state: unknown;
}

export interface Entered extends Applied {
  readonly view: View;
}

/** Some events of a game, oldest first. */
export interface HistoryPage extends Position {
  /** The events follow this one; less than what was asked for when the epoch is another one. */
  readonly after: number;
  readonly entries: readonly LogEntry[];
}

export type Resumed =
  | {
      readonly recovered: true;
      readonly epoch: string;
      /** The newest event there is; `entries` are exactly those between what the client knew and this one. */
      readonly seq: number;
      readonly entries: readonly LogEntry[];
      /** Nothing follows. */
      readonly isOver: boolean;
      readonly deadline: number | undefined;
      /** Others may watch the game. */
      readonly isPublic: boolean;
    }
  | { readonly recovered: false; readonly view: View };

/**
 * Decides and records the events of games. Every method rejects with a `Refusal` when the request is not granted, and
 * with `unavailable` when the store did not answer. Then the request may or may not have been applied: repeat it with
 * the same `id` to get the answer.
 */
export interface GameAuthority {
  readonly type: AnyRoomType;
  create(actor: Actor, id: string, settings: unknown): Promise<Entered>;
  join(actor: Actor, id: string, game: string): Promise<Entered>;
  /** Quick match: enters the open game of this shape, or opens one. */
  match(actor: Actor, id: string, settings: unknown): Promise<Entered>;
  leave(actor: Actor, id: string, game: string): Promise<Applied>;
  /** Has the room type decide one of its own commands, which its schema allows. */
  act(actor: Actor, id: string, game: string, command: AnyCommand): Promise<Applied>;
  /** Ends a room for an operator, as its room type says: the events go the way of all others. */
  close(operator: string, id: string, game: string): Promise<Applied>;
  /** What a player who knows the history up to `known` has missed. */
  resume(actor: SocketActor, game: string, known: Position): Promise<Resumed>;
  /** The same for somebody who does not play, where the game lets others watch. Changes nothing. */
  watch(player: string, game: string, known: Position): Promise<Resumed>;
  /** Tells the room type if the deadline is over. Gives the milliseconds that are left, 0 when there is none any more. */
  finish(game: string): Promise<number>;
  /** Events of a game that is followed here were announced. */
  observe(game: string, epoch: string, entry: LogEntry): void;
  /** A snapshot for a player who is in the game already. */
  view(game: string): Promise<View>;
  isPlayer(game: string, player: string): Promise<boolean>;
  /** The events after a position, oldest first; undefined when the game is gone or its epoch is another one. */
  entriesAfter(game: string, after: Position): Promise<LogEntry[] | undefined>;
  /** At most `most` of the events that are kept after a position, whose epoch is the present one if it names none. */
  page(game: string, after: Partial<Position>, most: number): Promise<HistoryPage>;
  /** The newest event of a game; undefined when the game is gone. */
  position(game: string): Promise<Position | undefined>;
  /** Somebody here saw more of this epoch than there is: the game goes on in another one. */
  renew(game: string, epoch: string): Promise<void>;
  /** The pub/sub channel on which a game's events are announced as `<epoch> <seq> <text>`. */
  channel(game: string): string;
  /** The key in Redis of the head of a game's history. */
  head(game: string): string;
  /** The edge sent a player here for the sake of this game, at this time by Redis's clock. Never rejects. */
  arrived(game: string, at: number): Promise<void>;
  /** Before this replica goes: what only it may decide is for others from now on. */
  handOver(): Promise<void>;
  stop(): void;
}

/** A request that was not granted: becomes an `error` message with the same code. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: RefusalCode, message?: string, retryAfterMs?: number) {
    super(message ?? (code in ERROR_CODES ? ERROR_CODES[code as ErrorCode].meaning : code));
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}
