import {
  type AnyCommand,
  type AnyRoomType,
  ERROR_CODES,
  type ErrorCode,
  type PlayerRef,
  type RefusalCode,
} from '../../protocol/index.ts';
import type { LogEntry, Position } from '../history/history.ts';
import type { Trace } from '../traces/traces.ts';

/** A player who acts through one socket. Of two sockets of a player, only the one with the higher generation counts. */
export interface SocketActor {
  readonly player: PlayerRef;
  readonly generation: number;
  /** The group of its address (`addressGroup`), for which the games that it makes are counted. */
  readonly address?: string;
}

/**
 * A backend that acts for a player. It has no socket, so the player's sockets do not fence it, and it does not fence
 * them. Its request ids are its own: they are never confused with those of a player or of another backend.
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

/** The namespace of an actor's request ids. Ids of players have no `@`. */
export const requesterOf = (actor: Asker): string => ('backend' in actor ? `@${actor.backend}` : actor.player.id);

/**
 * Where in a game's history a request took effect. `duplicate`: it was applied before, and this is its first answer.
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
  /** The event before the first one; lower than requested if the epoch is another one. */
  readonly after: number;
  readonly entries: readonly LogEntry[];
}

export type Resumed =
  | {
      readonly recovered: true;
      readonly epoch: string;
      /** The newest event; `entries` are exactly the events after the client's position, up to this one. */
      readonly seq: number;
      readonly entries: readonly LogEntry[];
      /** Nothing follows. */
      readonly isOver: boolean;
      readonly deadline: number | undefined;
      /** Whether others may watch the game. */
      readonly isPublic: boolean;
    }
  | { readonly recovered: false; readonly view: View };

/**
 * Decides and records the events of games. Every method rejects with a `Refusal` if the request is refused. With the
 * code `unavailable` the store did not answer, and the request may or may not have been applied: repeat it with the
 * same `id` to get the answer.
 */
export interface GameAuthority {
  readonly type: AnyRoomType;
  create(actor: Actor, id: string, settings: unknown): Promise<Entered>;
  join(actor: Actor, id: string, game: string): Promise<Entered>;
  /** Quick match: enters the open game of this shape, or opens one. */
  match(actor: Actor, id: string, settings: unknown): Promise<Entered>;
  leave(actor: Actor, id: string, game: string): Promise<Applied>;
  /** Lets the room type decide one of its own commands, which matches its schema. `trace` is set if it is traced. */
  act(actor: Actor, id: string, game: string, command: AnyCommand, trace?: Trace): Promise<Applied>;
  /** Ends a room for an operator, with the events that its room type gives. */
  close(operator: string, id: string, game: string): Promise<Applied>;
  /** The events that a player who knows the history up to `known` has missed. */
  resume(actor: SocketActor, game: string, known: Position): Promise<Resumed>;
  /** The same for a watcher, if the game lets others watch. Changes nothing. */
  watch(player: string, game: string, known: Position): Promise<Resumed>;
  /**
   * Sends `deadline` to the room type if the deadline has passed. Resolves with the milliseconds left; 0 without a
   * deadline.
   */
  finish(game: string): Promise<number>;
  /** Events of a game that is followed here were announced. */
  observe(game: string, epoch: string, entry: LogEntry): void;
  /** A snapshot for a player who is in the game already. */
  view(game: string): Promise<View>;
  isPlayer(game: string, player: string): Promise<boolean>;
  /** The events after a position, oldest first; undefined when the game is gone or its epoch is another one. */
  entriesAfter(game: string, after: Position): Promise<LogEntry[] | undefined>;
  /** At most `most` of the kept events after a position. A position without an epoch is in the present one. */
  page(game: string, after: Partial<Position>, most: number): Promise<HistoryPage>;
  /** The newest event of a game; undefined when the game is gone. */
  position(game: string): Promise<Position | undefined>;
  /** This replica has seen more of this epoch than the store has, so the game goes on in a new one. */
  renew(game: string, epoch: string): Promise<void>;
  /** The pub/sub channel on which a game's events are announced as `<epoch> <seq> <text>`. */
  channel(game: string): string;
  /** The key in Redis of the head of a game's history. */
  head(game: string): string;
  /** The edge sent a player of this game here, at this time by Redis's clock. Never rejects. */
  arrived(game: string, at: number): Promise<void>;
  /** Called before this replica leaves: from now on others decide what only it could decide. */
  handOver(): Promise<void>;
  stop(): void;
}

/** A refused request. It becomes an `error` message with the same code. */
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
