import type { AnyRoomType, EventOf, StateOf } from '../protocol/index.ts';

/** An event of a room, with the state after it. */
export interface RoomEvent<Type extends AnyRoomType = AnyRoomType> {
  readonly epoch: string;
  /** Its place in the history of the room. */
  readonly seq: number;
  readonly event: EventOf<Type>;
  /** When it happened by the server's clock, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly state: StateOf<Type>;
  /** It happened while this client was away. */
  readonly replayed: boolean;
}

export interface RoomSnapshot<Type extends AnyRoomType = AnyRoomType> {
  readonly epoch: string;
  readonly seq: number;
  readonly state: StateOf<Type>;
  /** False says that events were missed for good. */
  readonly recovered: boolean;
}

export interface RoomEvents<Type extends AnyRoomType = AnyRoomType> {
  /** Each event of the room: once, in order, without a gap. */
  event: RoomEvent<Type>;
  /** The state was replaced, when the room was entered or after too long an absence. */
  snapshot: RoomSnapshot<Type>;
  /** `state` or `predicted` has changed: an event or a snapshot came, or a command was sent, granted or refused. */
  change: undefined;
  /** Every event that was missed has been emitted, in order. */
  recovered: { readonly epoch: string; readonly seq: number };
  /** The number of watchers, if the room lets others watch. */
  watchers: { readonly count: number };
}
