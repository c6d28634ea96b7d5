import * as v from 'valibot';
import { Channel, LOBBY } from './client-messages.ts';
import { ERROR_CODES, type ErrorCode } from './codes.ts';
import { Epoch, GameCode, GameEvent, GameState, PlayerRef, Seq, Timestamp } from './game-types.ts';

const Milliseconds = v.pipe(v.number(), v.minValue(0));

export const Welcome = v.object({
  type: v.literal('welcome'),
  protocol: v.string(),
  /** APPID of the replica that holds the socket. */
  replica: v.string(),
  /** Names this socket in the server's logs. */
  connection: v.string(),
  player: PlayerRef,
  /** When the token of this socket ends, and the socket with it unless it is refreshed. */
  expiresAt: v.optional(Timestamp),
  /** Both sides send something at least this often, and hang up after two of them in silence. */
  heartbeatMs: Milliseconds,
  /** Name the game in the socket's address (`game=<code>`): its replica decides quickest. */
  routeByGame: v.optional(v.literal(true)),
  now: Timestamp,
  limits: v.object({ messageBytes: Seq, messagesPerSecond: v.number(), chatLength: Seq, resumeWindowMs: Milliseconds }),
});
export const Pong = v.object({ type: v.literal('pong'), t: v.number(), now: Timestamp });
export const Ack = v.object({
  type: v.literal('ack'),
  id: v.string(),
  game: v.optional(GameCode),
  channel: v.optional(Channel),
  epoch: v.optional(Epoch),
  /** Of a capture or a chat line: its place in the history. Of a resume: the newest event there is. */
  seq: v.optional(Seq),
  /** Of a resume: whether exactly the missing events follow (true) or a snapshot (false). */
  recovered: v.optional(v.boolean()),
  /** The id had been applied before; this is the answer it got then. */
  duplicate: v.optional(v.boolean()),
  /** Of a refresh: when the token that was shown ends. */
  expiresAt: v.optional(Timestamp),
});
export const Snapshot = v.object({
  type: v.literal('snapshot'),
  game: GameCode,
  epoch: Epoch,
  seq: Seq,
  now: Timestamp,
  state: GameState,
  /** Present and false when the client asked to resume and events it has not seen are gone. */
  recovered: v.optional(v.literal(false)),
});
export const Event = v.object({
  type: v.literal('event'),
  game: GameCode,
  epoch: Epoch,
  seq: Seq,
  at: Timestamp,
  event: GameEvent,
});
const chatLine = {
  seq: Seq,
  at: Timestamp,
  /** APPID of the replica the author was connected to. */
  replica: v.string(),
  player: PlayerRef,
  text: v.string(),
  /** `<replica>:<text>`, as a terminal shows it. */
  line: v.string(),
};
export const ChatLine = v.object(chatLine);
export const ChatMessage = v.object({ type: v.literal('chat'), channel: Channel, epoch: Epoch, ...chatLine });
export const History = v.object({
  type: v.literal('history'),
  channel: Channel,
  epoch: Epoch,
  lines: v.array(ChatLine),
});
export const Presence = v.object({
  type: v.literal('presence'),
  channel: Channel,
  /** Players there on all replicas; `players` lists the first of them only. */
  count: Seq,
  players: v.array(PlayerRef),
});
/** To the players of a game that others may watch, and to these. */
export const Watchers = v.object({
  type: v.literal('watchers'),
  game: GameCode,
  /** Those who watch, on all replicas. */
  count: Seq,
});
export const GoingAway = v.object({
  type: v.literal('going_away'),
  reconnectAfterMs: Milliseconds,
  /** The replica stays, and has more sockets than its part: come back by an address that ends in `rebalance=1`. */
  rebalance: v.optional(v.literal(true)),
});
const codes = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];
export const ErrorMessage = v.object({
  type: v.literal('error'),
  /** A code that only a newer server knows is read as a refusal that is not worth repeating. */
  code: v.fallback(v.picklist(codes), 'bad_message'),
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
  ChatMessage,
  History,
  Presence,
  Watchers,
  GoingAway,
  ErrorMessage,
]);
export type ServerMessage = v.InferOutput<typeof ServerMessage>;
export type ServerMessageOf<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;
export type ChatLine = v.InferOutput<typeof ChatLine>;

export { LOBBY };
