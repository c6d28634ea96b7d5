import type { AnyRoomType, CommandOf, PlayerRef, StateOf } from '../protocol/index.ts';
import type { GameProjection, GameView } from './game-projection.ts';
import type { Ack } from './outbox.ts';
import type { RoomEvents } from './room-events.ts';

/** The part of the client that a room uses. */
export interface RoomHost {
  send(code: string, command: CommandOf<AnyRoomType>): Promise<Ack>;
  leave(code: string): Promise<void>;
  /** The state with the effect of waiting commands; undefined if nothing can be predicted. */
  predicted(code: string): unknown;
}

/**
 * A room that this client is in. Its state follows the server until the room is left, over any number of connections;
 * after that it stays as it was.
 */
export class Room<Type extends AnyRoomType = AnyRoomType> {
  /** The code with which others join. */
  readonly code: string;
  readonly #host: RoomHost;
  readonly #projection: GameProjection;

  /** @internal The projection has a view already. */
  constructor(host: RoomHost, projection: GameProjection) {
    this.code = projection.game;
    this.#host = host;
    this.#projection = projection;
  }

  get #view(): GameView {
    return this.#projection.latest!;
  }

  /** The state after the newest event; that of the newest snapshot where the client has no room type. */
  get state(): StateOf<Type> {
    return this.#view.state as StateOf<Type>;
  }

  /**
   * The state with the effect of this client's commands that wait for their answer: it shows them at once, and takes back
   * what the server refuses. `state` itself while nothing is under way, or where the client has no room type.
   */
  get predicted(): StateOf<Type> {
    return (this.#host.predicted(this.code) as StateOf<Type> | undefined) ?? this.state;
  }

  /** The players who may act in it; nobody where the client has no room type. */
  get members(): readonly PlayerRef[] {
    return this.#projection.type?.members(this.state) ?? [];
  }

  /** The epoch of the history that numbers the events. */
  get epoch(): string {
    return this.#view.epoch;
  }

  /** The place of the newest event in the history of the room. */
  get seq(): number {
    return this.#view.seq;
  }

  /** Whether the room has ended. */
  get isOver(): boolean {
    return this.#projection.completed;
  }

  /** The next deadline, in milliseconds since the Unix epoch by the server's clock (`serverNow()`). */
  get deadline(): number | undefined {
    return this.isOver ? undefined : this.#projection.type?.deadline(this.state);
  }

  /** Whether it is watched, not played. */
  get isWatching(): boolean {
    return this.#projection.isWatching;
  }

  /** The number of watchers in the server's last report. */
  get watchers(): number {
    return this.#projection.watchers;
  }

  /** Listens to an event of the room; returns a function that stops it. `state` holds the effect of earlier events. */
  on<K extends keyof RoomEvents>(type: K, listener: (payload: RoomEvents<Type>[K]) => void): () => void {
    return this.#projection.events.on(type, listener as (payload: RoomEvents[K]) => void);
  }

  /**
   * Sends a command, which is applied once, however often it has to be sent. Resolves with its place in the room's
   * history; rejects with a `GridlockError`, whose `code` is one of the kernel or of the room type's `refusals`.
   */
  send(command: CommandOf<Type>): Promise<Ack> {
    return this.#host.send(this.code, command);
  }

  /** Leaves the room, stops watching it, or drops a room that is over. */
  leave(): Promise<void> {
    return this.#host.leave(this.code);
  }
}
