/**
 * Every bound of the wire in one place. Sizes are bytes of UTF-8 or characters as named, times are milliseconds.
 * A server may be configured to be stricter, never laxer.
 */
export const LIMITS = Object.freeze({
  /** Largest frame a client may send; a larger one closes the socket with 1009. */
  messageBytes: 4096,
  /** Requests that one player may send each second, and how many at once. */
  messagesPerSecond: 30,
  messageBurst: 60,
  /** Bytes that one player may send in messages each second. */
  bytesPerSecond: 16_384,
  /** Refused messages (malformed, unknown, too many) within a minute before the socket is closed. */
  badMessagesPerMinute: 20,
  /** Characters of an idempotency id and of a player's name. */
  idLength: 64,
  nameLength: 24,
  /** Messages one player may publish in channels in ten seconds. */
  publishPerTenSeconds: 10,
  /** Signals that one player may send each second in channels that keep nothing; twice as many at once. */
  signalsPerSecond: 10,
  /** Channels one connection may be subscribed to at a time. */
  channelsPerConnection: 32,
  /** Players listed by name in a presence message. */
  presenceListed: 50,
  /** Games that one connection may be in at a time. With more, `create`, `join` and `match` are refused. */
  gamesPerConnection: 8,
  /** The time within which a reconnecting client receives exactly the events that it missed. */
  resumeWindowMs: 120_000,
  /** Unread bytes of a slow reader, above which its socket is closed with 4413. */
  sendQueueBytes: 262_144,
});
