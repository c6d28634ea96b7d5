/**
 * Stable codes of `error` messages. `retry` says whether the same request may succeed later without being changed:
 * a client resends such a request with the same id.
 */
export const ERROR_CODES = {
  bad_json: { retry: false, meaning: 'The frame was not JSON.' },
  bad_message: { retry: false, meaning: 'A field was missing, of the wrong type or out of range.' },
  unknown_type: { retry: false, meaning: 'The message type is not one a client may send.' },
  rate_limited: { retry: true, meaning: 'Too many requests, bytes, messages or games; wait `retryAfterMs`.' },
  unavailable: {
    retry: true,
    meaning: 'The store did not answer. It is unknown whether the request was applied: repeat it with the same id.',
  },
  internal: { retry: true, meaning: 'The server failed at something unforeseen.' },
  app_failed: {
    retry: true,
    meaning: 'The application failed at this command; nothing happened.',
  },
  draining: { retry: true, meaning: 'This replica is going away; repeat on the next connection.' },
  too_many_games: { retry: false, meaning: 'The connection is in `gamesPerConnection` games already.' },
  cluster_full: {
    retry: true,
    meaning: 'The cluster has no space for another game, player or message; running games go on. Wait `retryAfterMs`.',
  },
  game_not_found: {
    retry: false,
    meaning: 'No game with this code is open to you: there is none, it ended long ago, or you are not in it.',
  },
  game_full: { retry: false, meaning: 'All seats are taken.' },
  game_not_active: { retry: false, meaning: 'The game has not begun yet.' },
  game_over: { retry: false, meaning: 'The game has ended.' },
  not_a_player: { retry: false, meaning: 'You watch this game; only its players may do this.' },
  unauthorized: { retry: false, meaning: "The token is expired, forged, revoked or not this player's." },
  superseded: { retry: false, meaning: 'A newer connection of the same player acts now.' },
  room_too_large: { retry: false, meaning: 'The state of the room would be larger than the cluster allows.' },
  channel_not_found: { retry: false, meaning: 'The application has no channel of this name.' },
  not_allowed: { retry: false, meaning: 'The application does not let you do this in the channel.' },
  too_many_channels: { retry: false, meaning: 'The connection is in `channelsPerConnection` channels already.' },
  not_subscribed: { retry: false, meaning: 'Subscribe to the channel first.' },
  id_reused: { retry: false, meaning: 'The id was used for a different request before.' },
} as const satisfies Record<string, { retry: boolean; meaning: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A code of the kernel, or a refusal of the application. */
export type RefusalCode = ErrorCode | (string & {});

/** Whether the same request may succeed later without being changed. Refusals of applications do not. */
export const isWorthRepeating = (code: string): boolean => WORTH_REPEATING.includes(code as ErrorCode);

/** The codes of the table with `retry`. This copy saves clients from loading the whole table. */
const WORTH_REPEATING: readonly ErrorCode[] = [
  'rate_limited',
  'unavailable',
  'internal',
  'app_failed',
  'draining',
  'cluster_full',
];

/** The action of a client after its socket was closed with a code. */
type CloseAdvice =
  /** Connect again after a back-off with jitter, and resume. */
  | 'reconnect'
  /** Get a fresh token from `POST /api/session` first, then connect again. */
  | 'authenticate'
  /** Do not connect again without the user: the result would be the same. */
  | 'stop';

interface CloseCode {
  readonly code: number;
  readonly name: string;
  readonly advice: CloseAdvice;
}

/** The only table of close codes. RFC 6455, section 7.4, defines those below 4000. */
export const CLOSE_CODES = {
  normal: { code: 1000, advice: 'stop' },
  goingAway: { code: 1001, advice: 'reconnect' },
  protocolError: { code: 1002, advice: 'stop' },
  unsupportedData: { code: 1003, advice: 'stop' },
  abnormal: { code: 1006, advice: 'reconnect' },
  invalidText: { code: 1007, advice: 'stop' },
  policyViolation: { code: 1008, advice: 'stop' },
  messageTooBig: { code: 1009, advice: 'stop' },
  internalError: { code: 1011, advice: 'reconnect' },
  serviceRestart: { code: 1012, advice: 'reconnect' },
  tryAgainLater: { code: 1013, advice: 'reconnect' },
  badMessages: { code: 4400, advice: 'stop' },
  unauthorized: { code: 4401, advice: 'authenticate' },
  unknownSubprotocol: { code: 4406, advice: 'stop' },
  heartbeatTimeout: { code: 4408, advice: 'reconnect' },
  superseded: { code: 4409, advice: 'stop' },
  disconnected: { code: 4410, advice: 'stop' },
  slowConsumer: { code: 4413, advice: 'reconnect' },
  rateLimited: { code: 4429, advice: 'reconnect' },
} as const satisfies Record<string, Omit<CloseCode, 'name'>>;

export type CloseName = keyof typeof CLOSE_CODES;

/** The meaning of each close code. It is a separate table, so that a page need not load it. */
export const CLOSE_MEANINGS: Readonly<Record<CloseName, string>> = {
  normal: 'Either side was done.',
  goingAway: 'The page was left, or the server is going away.',
  protocolError: 'The frames broke RFC 6455.',
  unsupportedData: 'A binary message was sent; gridlock.v1 is text.',
  abnormal: 'The connection broke without a close frame.',
  invalidText: 'A text message was not UTF-8.',
  policyViolation: 'A message came in too many fragments.',
  messageTooBig: 'A message was larger than `limits.messageBytes`.',
  internalError: 'The server failed at something unforeseen.',
  serviceRestart: 'This replica drains; see `going_away` for the delay.',
  tryAgainLater: 'The server is over its capacity; back off further.',
  badMessages: 'Too many messages were refused within a minute.',
  unauthorized: 'The player token expired or was revoked.',
  unknownSubprotocol: 'The client offered no subprotocol known here.',
  heartbeatTimeout: 'Nothing was heard for two heartbeats.',
  superseded: 'The same player connected elsewhere; the newer socket stays.',
  disconnected: 'The application disconnected the player.',
  slowConsumer: 'The client read too slowly; resume loses nothing.',
  rateLimited: 'The client kept sending above its rate; back off.',
};

const BY_CODE = new Map<number, CloseCode>(
  Object.entries(CLOSE_CODES).map(([name, entry]) => [entry.code, { name, ...entry }]),
);

/**
 * The action that a close code asks of the client. Unknown codes of the 44xx range stop, as a newer server may have
 * reasons that this client does not know. Every other unknown code counts as a broken connection.
 */
export function closeCode(code: number): CloseCode {
  const known = BY_CODE.get(code);
  if (known) return known;
  const advice = code >= 4400 && code <= 4499 ? 'stop' : 'reconnect';
  return { code, name: 'unknown', advice };
}
