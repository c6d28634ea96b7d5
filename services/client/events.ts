import type { AnyRoomType, CloseName, DataOf, KeptMessage, PlayerRef, Transport } from '../protocol/index.ts';
import type { GridlockError } from './errors.ts';
import type { Room } from './room.ts';

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

/** A message of a channel. */
export interface MessageEvent<Data = unknown> extends Omit<KeptMessage, 'data'> {
  readonly channel: string;
  readonly epoch: string;
  readonly data: Data;
  /** It was published before this client came, or while it was away. */
  readonly replayed: boolean;
}

/** What somebody published in a channel that keeps nothing; it may have been lost for others. */
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
  /** The state of a room is here, after it was entered or the page was loaded again; nothing of it was told before. */
  room: Room<Type>;
  message: MessageEvent<DataOf<Type>>;
  signal: SignalEvent<DataOf<Type>>;
  presence: PresenceEvent;
  /**
   * The page is a copy of one that is still open, as a duplicated tab is: it begins as another guest. `games` are the
   * codes of the rooms of the other page, which goes on with them.
   */
  copied: { readonly games: readonly string[] };
  /** Trouble that belongs to no request of the caller. */
  error: GridlockError;
}
