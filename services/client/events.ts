import type { AnyRoomType, CloseName, DataOf, KeptMessage, PlayerRef, Transport } from '../protocol/index.ts';
import type { GridlockError } from './errors.ts';
import type { Room } from './room.ts';

export type ConnectionState = 'connecting' | 'open' | 'reconnecting' | 'closed';

/**
 * Why the client is closed: `idle` before the first `connect`, `client` after `close`, otherwise the server's reason.
 */
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
  /** The transport of this connection, or of the next one. */
  readonly transport: Transport;
  /** APPID of the replica that holds the socket. */
  readonly replica: string | undefined;
  readonly connection: string | undefined;
  /** The round trip of the last ping. */
  readonly roundTripMs: number | undefined;
  /** Times the connection was lost and made again; a move to another address or name does not count. */
  readonly reconnects: number;
  /** Local time at which the socket was welcomed. */
  readonly connectedSince: number | undefined;
  /** Requests that wait for their answer. */
  readonly pending: number;
}

/** A message of a channel. */
export interface MessageEvent<Data = unknown> extends Omit<KeptMessage, 'data'> {
  readonly channel: string;
  readonly epoch: string;
  readonly data: Data;
  /** It was published before this client came, or while it was away. */
  readonly replayed: boolean;
}

/** A message of a channel without history. Other subscribers may have missed it. */
export interface SignalEvent<Data = unknown> {
  readonly channel: string;
  readonly at: number;
  readonly player: PlayerRef;
  readonly data: Data;
}

export interface PresenceEvent {
  readonly channel: string;
  readonly count: number;
  readonly players: readonly PlayerRef[];
}

export interface ClientEvents<Type extends AnyRoomType = AnyRoomType> {
  state: StateChange;
  health: Health;
  /** The state of a room has arrived, after you entered it or reloaded the page. No event of it was emitted before. */
  room: Room<Type>;
  message: MessageEvent<DataOf<Type>>;
  signal: SignalEvent<DataOf<Type>>;
  presence: PresenceEvent;
  /**
   * The page is a copy of an open page, such as a duplicated tab, and begins as another guest. `games` are the codes of
   * the original page's rooms, which stay with that page.
   */
  copied: { readonly games: readonly string[] };
  /** An error that does not belong to a request of the caller. */
  error: GridlockError;
}
