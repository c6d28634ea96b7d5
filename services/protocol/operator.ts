// The requests that an operator sends, with a key, to the internal port of any replica.
import * as v from 'valibot';
import { ChannelName } from './channel-rule.ts';
import { RequestId } from './client-messages.ts';
import { TRANSPORTS, type Transport } from './transports.ts';
import { GameCode, PlayerId, type PlayerRef } from './types.ts';

/** Everything below it needs the key of an operator. */
export const OPERATOR_PATH = '/ops/api/';

const ReplicaName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.-]{1,253}$/, 'is not the name of a replica'));

export const OperatorAction = v.variant('action', [
  /** The replica sends its sockets to the others and ends. Its supervisor starts it again. */
  v.strictObject({ action: v.literal('drain'), replica: ReplicaName }),
  /** The replica sends its sockets away and stays; the edge chooses where they go. */
  v.strictObject({ action: v.literal('move'), replica: ReplicaName }),
  /** With `revoke` the player's tokens are no longer valid. */
  v.strictObject({
    action: v.literal('disconnect'),
    player: PlayerId,
    revoke: v.optional(v.boolean(), false),
  }),
  v.strictObject({ action: v.literal('close'), room: GameCode }),
  v.strictObject({
    action: v.literal('publish'),
    channel: ChannelName,
    data: v.pipe(
      v.unknown(),
      v.check((data) => data !== undefined, 'is missing'),
    ),
  }),
  /** Replaces the certificate that the edge serves. */
  v.strictObject({ action: v.literal('rotate') }),
]);
export type OperatorAction = v.InferOutput<typeof OperatorAction>;
export type OperatorActionName = OperatorAction['action'];

/** The body of an action. A repeat of the id closes a room and publishes a message only once. */
export const OperatorRequest = v.strictObject({ id: RequestId, request: OperatorAction });

/** The owner of the key, and the reason for each action that is unavailable here. */
export interface OperatorSession {
  readonly operator: string;
  readonly unavailable: Readonly<Partial<Record<OperatorActionName, string>>>;
}

/** The result of an action, as a sentence. */
export interface OperatorOutcome {
  readonly text: string;
}

/** A room, as the head of its history describes it. */
export interface ListedRoom {
  readonly room: string;
  readonly epoch: string;
  readonly seq: number;
  /** Ids of the members. */
  readonly members: readonly string[];
  /** Whether players who are not members may watch it. */
  readonly public: boolean;
  /** Milliseconds since the Unix epoch; null for none. */
  readonly deadline: number | null;
}

export interface RoomPage {
  readonly rooms: readonly ListedRoom[];
  /** Where the next page begins; null after the last one. */
  readonly cursor: string | null;
}

/** A room as a backend, or an operator, reads it. */
export interface RoomReport {
  readonly room: string;
  readonly epoch: string;
  readonly seq: number;
  /** By the store's clock, in milliseconds since the Unix epoch; so is the deadline. */
  readonly now: number;
  readonly members: readonly PlayerRef[];
  readonly open: boolean;
  readonly over: boolean;
  readonly public: boolean;
  readonly deadline: number | null;
  readonly state: unknown;
}

export interface RoomEvent {
  readonly seq: number;
  readonly at: number;
  readonly event: unknown;
  readonly deadline?: number | null;
  readonly over?: true;
}

/** Events of a room, oldest first. */
export interface RoomEvents {
  readonly seq: number;
  readonly events: readonly RoomEvent[];
  /** Some events before the first one are no longer kept. */
  readonly trimmed: boolean;
}

/** The position of a connection in the list, which begins with the newest. */
const Place = v.strictObject({ since: v.number(), id: v.pipe(v.string(), v.maxLength(64)) });
export type ConnectionPlace = v.InferOutput<typeof Place>;

/** The connections to list. */
export const ConnectionQuery = v.strictObject({
  /** A part of the id or the name of the player, or of the address. */
  search: v.optional(v.pipe(v.string(), v.maxLength(100)), ''),
  room: v.optional(GameCode),
  /** Only connections after this position. */
  after: v.optional(Place),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)), 50),
});
export type ConnectionQuery = v.InferOutput<typeof ConnectionQuery>;

export const ListedConnection = v.object({
  id: v.string(),
  player: v.object({ id: v.string(), name: v.string() }),
  replica: v.string(),
  transport: v.custom<Transport>((name) => TRANSPORTS.includes(name as Transport)),
  /** The client's address in the form for which limits count, such as the network of an IPv6 address. */
  address: v.string(),
  /** Milliseconds since the Unix epoch, by the store's clock. */
  since: v.number(),
  /** The rooms and channels that it follows; with `watching` as a watcher. */
  rooms: v.array(v.object({ room: v.string(), watching: v.boolean() })),
});
export type ListedConnection = v.InferOutput<typeof ListedConnection>;

export interface ConnectionPage {
  readonly connections: readonly ListedConnection[];
  /** Where the next page begins; null after the last one. */
  readonly next: ConnectionPlace | null;
  /** Replicas that did not answer: their connections are missing. */
  readonly silent: readonly string[];
}
