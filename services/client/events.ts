import type {
  AnyRoomType,
  CloseName,
  DataOf,
  EventOf,
  KeptMessage,
  PlayerRef,
  StateOf,
  Transport,
} from '../protocol/index.ts';
import type { GridlockError } from './errors.ts';

export type ConnectionState = 'connecting' | 'open' | 'reconnecting' | 'closed';

/** Why the client is closed: `idle` before the first `connect`, `client` after `close`, else what the server meant. */
export type ClosedReason = 'idle' | 'client' | 'session_refused' | 'wrong_address' | CloseName | 'unknown';

export interface StateChange {
  readonly state: ConnectionState;
  readonly reason?: ClosedReason;
  /** A sentence on why the connection was lost or closed. */
  readonly message?: string;
  /** While connecting or reconnecting: milliseconds until the next attempt. */
  readonly retryInMs?: number;
}

export interface Health {
  readonly state: ConnectionState;
  /** What the connection is made by, or will be next. */
  readonly transport: Transport;
  /** APPID of the replica that holds the socket. */
  readonly replica: string | undefined;
  readonly connection: string | undefined;
  /** Of the last ping. */
  readonly roundTripMs: number | undefined;
  /** Times the connection was lost and made again; a move to another address or name does not count. */
  readonly reconnects: number;
  /** Local time at which the socket was welcomed. */
  readonly connectedSince: number | undefined;
  /** Requests that wait for their answer. */
  readonly pending: number;
}

export interface GameView<Room extends AnyRoomType = AnyRoomType> {
  readonly game: string;
  readonly epoch: string;
  readonly seq: number;
  readonly state: StateOf<Room>;
}

export interface GameChange<Room extends AnyRoomType = AnyRoomType> extends GameView<Room> {
  /** What happened, and when by the server's clock; absent when a snapshot replaced the state. */
  readonly event?: EventOf<Room>;
  readonly at?: number;
  /** It happened while this client was away. */
  readonly replayed: boolean;
}

/** A message of a channel. */
export interface MessageEvent<Data = unknown> extends Omit<KeptMessage, 'data'> {
  readonly channel: string;
  readonly epoch: string;
  readonly data: Data;
  /** It was published before this client came, or while it was away. */
  readonly replayed: boolean;
}

export interface PresenceEvent {
  readonly channel: string;
  readonly count: number;
  readonly players: readonly PlayerRef[];
}

export interface WatchersEvent {
  readonly game: string;
  readonly count: number;
}

export interface ClientEvents<Room extends AnyRoomType = AnyRoomType> {
  state: StateChange;
  health: Health;
  game: GameChange<Room>;
  message: MessageEvent<DataOf<Room>>;
  presence: PresenceEvent;
  /** What a game would be if the server grants the commands under way: changes when one is sent, granted or refused. */
  predicted: { readonly game: string; readonly state: StateOf<Room> };
  /** How many watch a game that lets others watch. */
  watchers: WatchersEvent;
  /** Every event that was missed has been applied, in order. */
  recovered: { readonly game: string; readonly epoch: string; readonly seq: number };
  /** The state was replaced; `recovered: false` says that events were missed for good. */
  snapshot: GameView<Room> & { readonly recovered: boolean };
  /**
   * The page is a copy of one that is still open, as a duplicated tab is: it begins as another guest. `games` are those
   * of the other page, which goes on with them.
   */
  copied: { readonly games: readonly string[] };
  /** Trouble that belongs to no request of the caller. */
  error: GridlockError;
}

/** Typed events: `Events` maps a name to what its listeners get. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(payload: never) => void>>();

  /** Returns what ends the subscription. */
  on<K extends keyof Events>(type: K, listener: (payload: Events[K]) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  emit<K extends keyof Events>(type: K, payload: Events[K]): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) {
      try {
        (listener as (payload: Events[K]) => void)(payload);
      } catch (error) {
        // A listener's mistake must show, but not stop the message it was told about.
        void Promise.reject(error);
      }
    }
  }
}
