import * as v from 'valibot';
import { ChannelName } from './channel-rule.ts';
import type { RefusalCode } from './codes.ts';
import { Epoch, GameCode, PlayerRef, Seq, Timestamp } from './types.ts';

const Milliseconds = v.pipe(v.number(), v.minValue(0));

export const Welcome = v.object({
  type: v.literal('welcome'),
  protocol: v.string(),
  /** APPID of the replica that holds the socket. */
  replica: v.string(),
  /** Names this socket in the server's logs. */
  connection: v.string(),
  player: PlayerRef,
  /** When the token of this socket expires. The socket closes then, unless the token is refreshed before. */
  expiresAt: v.optional(Timestamp),
  /** Both sides send something at least this often, and close the socket after twice this time of silence. */
  heartbeatMs: Milliseconds,
  /** Name the game in the socket's address (`game=<code>`): the replica that holds the game answers fastest. */
  routeByGame: v.optional(v.literal(true)),
  now: Timestamp,
  limits: v.object({ messageBytes: Seq, messagesPerSecond: v.number(), resumeWindowMs: Milliseconds }),
});
export const Pong = v.object({ type: v.literal('pong'), t: v.number(), now: Timestamp });
export const Ack = v.object({
  type: v.literal('ack'),
  id: v.string(),
  game: v.optional(GameCode),
  channel: v.optional(ChannelName),
  epoch: v.optional(Epoch),
  /** For a command or a message, its place in the history. For a resume, the newest event. */
  seq: v.optional(Seq),
  /** For a resume: whether exactly the missing events follow (true) or a snapshot (false). */
  recovered: v.optional(v.boolean()),
  /** A request with this id was applied before, and this is its answer. */
  duplicate: v.optional(v.boolean()),
  /** For a refresh: when the new token expires. */
  expiresAt: v.optional(Timestamp),
});
export const Snapshot = v.object({
  type: v.literal('snapshot'),
  game: GameCode,
  epoch: Epoch,
  seq: Seq,
  now: Timestamp,
  /** As the room type of the application has it. */
  state: v.unknown(),
  /** Present and false when the client asked to resume and events it has not seen are gone. */
  recovered: v.optional(v.literal(false)),
});
export const Event = v.object({
  type: v.literal('event'),
  game: GameCode,
  epoch: Epoch,
  seq: Seq,
  at: Timestamp,
  /** As the room type of the application has it. */
  event: v.looseObject({ kind: v.string() }),
  /** The new deadline of the room, or null for none; absent when it stays the same. */
  deadline: v.optional(v.nullable(Timestamp)),
  /** The room is over, and no event follows. */
  over: v.optional(v.literal(true)),
});
const message = {
  seq: Seq,
  at: Timestamp,
  /** APPID of the replica the author was connected to. */
  replica: v.string(),
  player: PlayerRef,
  /** As the rule of the channel says. */
  data: v.unknown(),
  /** `<replica>:<text>`, as a terminal shows it, where the rule of the channel has lines. */
  line: v.optional(v.string()),
};
export const KeptMessage = v.object(message);
export const Message = v.object({ type: v.literal('message'), channel: ChannelName, epoch: Epoch, ...message });
export const History = v.object({
  type: v.literal('history'),
  channel: ChannelName,
  epoch: Epoch,
  messages: v.array(KeptMessage),
});
/** A message of a channel without history. */
export const Signal = v.object({
  type: v.literal('signal'),
  channel: ChannelName,
  at: Timestamp,
  player: PlayerRef,
  /** As the rule of the channel says. */
  data: v.unknown(),
});
export const Presence = v.object({
  type: v.literal('presence'),
  channel: ChannelName,
  /** The players in the channel on all replicas; `players` lists only the first of them. */
  count: Seq,
  players: v.array(PlayerRef),
});
/** Sent to the players and the watchers of a game that others may watch. */
export const Watchers = v.object({
  type: v.literal('watchers'),
  game: GameCode,
  /** The watchers on all replicas. */
  count: Seq,
});
export const GoingAway = v.object({
  type: v.literal('going_away'),
  reconnectAfterMs: Milliseconds,
  /** The replica keeps running, but has more sockets than its share. Reconnect with `rebalance=1` in the address. */
  rebalance: v.optional(v.literal(true)),
});
export const ErrorMessage = v.object({
  type: v.literal('error'),
  /** A code of the table, or a refusal of the application. */
  code: v.custom<RefusalCode>((code) => typeof code === 'string' && /^[a-z][a-z0-9_]{0,63}$/.test(code)),
  message: v.string(),
  /** The request it answers; absent when the frame had no readable id. */
  id: v.optional(v.string()),
  retryAfterMs: v.optional(Milliseconds),
});

export const ServerMessage = v.variant('type', [
  Welcome,
  Pong,
  Ack,
  Snapshot,
  Event,
  Message,
  History,
  Signal,
  Presence,
  Watchers,
  GoingAway,
  ErrorMessage,
]);
export type ServerMessage = v.InferOutput<typeof ServerMessage>;
export type ServerMessageOf<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;
/** A message in the history of a channel. */
export type KeptMessage = v.InferOutput<typeof KeptMessage>;
