import * as v from 'valibot';
import { LIMITS } from './limits.ts';

/** The ways to have a connection, the best first. */
export const TRANSPORTS = ['websocket', 'sse', 'poll'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** `POST` opens a stream of server-sent events (`GET` does for programs), for which a client posts to `SEND_PATH`. */
export const STREAM_PATH = '/sse';
/** `POST` opens a connection without a stream, or returns its new frames. */
export const POLL_PATH = '/poll';
/** `POST` delivers the messages of a client for a connection that was opened at one of the two paths above. */
export const SEND_PATH = '/send';
/** Set to the protocol's name when a server refuses a connection, to distinguish it from a refusal by a proxy. */
export const REFUSAL_HEADER = 'gridlock-protocol';
/** Server-sent events besides messages: the first, and the last. */
export const STREAM_EVENTS = { open: 'open', close: 'close' } as const;

/** Largest body at `SEND_PATH`, in bytes, and messages in it. */
export const SEND_BYTES = 12_288;
export const SEND_MESSAGES = LIMITS.messageBurst;

/** The id of a connection: the APPID of the replica that holds it, and a random part. */
const ConnectionId = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{1,32}\.[A-Za-z0-9_-]{8,32}$/, 'is not the id of a connection'),
);
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** How a connection ends, as in the table of close codes. */
export const Close = v.object({ code: v.number(), reason: v.string() });
export type Close = v.InferOutput<typeof Close>;

/** Body at `POLL_PATH`; without a connection it opens one. */
export const PollRequest = v.strictObject({
  connection: v.optional(ConnectionId),
  /** The last frame that arrived; it and all before it are not sent again. */
  cursor: v.optional(Count, 0),
});
export type PollRequest = v.InferInput<typeof PollRequest>;

/** Body at `SEND_PATH`. */
export const SendRequest = v.strictObject({
  connection: ConnectionId,
  /** 1 for the first batch of this connection, then one more for each batch. A repeated batch is applied once. */
  number: v.pipe(Count, v.minValue(1)),
  messages: v.pipe(v.array(v.unknown()), v.maxLength(SEND_MESSAGES)),
  /** The client closes the connection after these messages. */
  close: v.optional(v.boolean()),
});
export type SendRequest = v.InferInput<typeof SendRequest>;

/** The first line of the answer at `POLL_PATH`; each line that follows is a frame, the last of them number `cursor`. */
export const PollHead = v.object({ connection: ConnectionId, cursor: Count, close: v.optional(Close) });
export type PollHead = v.InferOutput<typeof PollHead>;
/** The content of the first event of a stream. */
export const StreamOpen = v.object({ connection: ConnectionId });
