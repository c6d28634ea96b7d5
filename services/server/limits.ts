import * as v from 'valibot';
import { LIMITS } from '../protocol/index.ts';
import { SESSION_SECONDS } from './session/sessions.ts';

const number = (min: number, max: number, standard: number) =>
  v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,10}$/, 'is not a whole number'),
      v.transform(Number),
      v.minValue(min, `is less than ${min}`),
      v.maxValue(max, `is more than ${max}`),
    ),
    String(standard),
  );
const MANY = 1_000_000;
const MANY_BYTES = 1_000_000_000;
/** A snapshot, or the history of a channel, goes out in one frame, and others may wait before it. */
export const LARGEST_FRAME = 0.75 * LIMITS.sendQueueBytes;

/** The bounds of a replica as the environment may set them. Those of a player are never laxer than the protocol says. */
export const LIMIT_VARIABLES = {
  SESSION_SECONDS: number(2, 30 * 24 * 3600, SESSION_SECONDS),
  MAX_SOCKETS: number(1, MANY, 20_000),
  MAX_PLAYERS: number(1, 100 * MANY, MANY),
  MAX_GAMES: number(1, 100 * MANY, 50_000),
  MAX_SOCKETS_PER_ADDRESS: number(1, MANY, 20_000),
  MISSES_PER_MINUTE_PER_ADDRESS: number(1, MANY, 60),
  SESSIONS_PER_MINUTE_PER_ADDRESS: number(1, MANY, 120),
  MAX_GAMES_PER_ADDRESS: number(1, 100 * MANY, 2500),
  GAMES_PER_MINUTE_PER_ADDRESS: number(1, MANY, 240),
  REFUSALS_PER_MINUTE_PER_ADDRESS: number(1, MANY, 120),
  MESSAGES_PER_SECOND_PER_ADDRESS: number(1, MANY, 100_000),
  BYTES_PER_SECOND_PER_ADDRESS: number(LIMITS.messageBytes, MANY_BYTES, 32 * 1024 * 1024),
  SOCKETS_PER_MINUTE: number(1, MANY, 60),
  MESSAGES_PER_SECOND: number(1, LIMITS.messagesPerSecond, LIMITS.messagesPerSecond),
  BYTES_PER_SECOND: number(LIMITS.messageBytes, LIMITS.bytesPerSecond, LIMITS.bytesPerSecond),
  PUBLISH_PER_TEN_SECONDS: number(1, LIMITS.publishPerTenSeconds, LIMITS.publishPerTenSeconds),
  GAMES_PER_MINUTE: number(1, MANY, 30),
  MAX_ROOM_BYTES: number(1024, LARGEST_FRAME, 131_072),
  MAX_ROOM_HISTORY_EVENTS: number(100, MANY, 10_000),
  MAX_ROOM_HISTORY_BYTES: number(65_536, MANY_BYTES, 4 * 1024 * 1024),
};

type Values = { readonly [Name in keyof typeof LIMIT_VARIABLES]: number };

/** The limits of a replica for players and addresses. */
export interface ReplicaLimits {
  /** How long a player token is valid. */
  readonly sessionSeconds: number;
  /** Open sockets of this replica; of all replicas together (as of a second ago); games there are in the store. */
  readonly sockets: number;
  readonly players: number;
  readonly games: number;
  readonly perAddress: {
    readonly sockets: number;
    readonly sessionsPerMinute: number;
    /** Room codes that lead nowhere. */
    readonly missesPerMinute: number;
    /** Games there are in the store at a time, and games made in a minute. */
    readonly games: number;
    readonly gamesPerMinute: number;
    /** Requests refused as malformed or too many, after which the address is blocked for a while. */
    readonly refusalsPerMinute: number;
    readonly messagesPerSecond: number;
    readonly bytesPerSecond: number;
  };
  /** A player has one socket at a time, so these limits also hold for a connection. */
  readonly perPlayer: {
    readonly socketsPerMinute: number;
    readonly messagesPerSecond: number;
    readonly bytesPerSecond: number;
    readonly publishPerTenSeconds: number;
    readonly gamesPerMinute: number;
  };
  /** The share of the store that a room may use: characters of JSON in its state, and kept events. */
  readonly perRoom: {
    readonly stateBytes: number;
    readonly historyEvents: number;
    readonly historyBytes: number;
  };
}

export const toLimits = (env: Values): ReplicaLimits =>
  Object.freeze({
    sessionSeconds: env.SESSION_SECONDS,
    sockets: env.MAX_SOCKETS,
    players: env.MAX_PLAYERS,
    games: env.MAX_GAMES,
    perAddress: Object.freeze({
      sockets: env.MAX_SOCKETS_PER_ADDRESS,
      sessionsPerMinute: env.SESSIONS_PER_MINUTE_PER_ADDRESS,
      missesPerMinute: env.MISSES_PER_MINUTE_PER_ADDRESS,
      games: env.MAX_GAMES_PER_ADDRESS,
      gamesPerMinute: env.GAMES_PER_MINUTE_PER_ADDRESS,
      refusalsPerMinute: env.REFUSALS_PER_MINUTE_PER_ADDRESS,
      messagesPerSecond: env.MESSAGES_PER_SECOND_PER_ADDRESS,
      bytesPerSecond: env.BYTES_PER_SECOND_PER_ADDRESS,
    }),
    perPlayer: Object.freeze({
      socketsPerMinute: env.SOCKETS_PER_MINUTE,
      messagesPerSecond: env.MESSAGES_PER_SECOND,
      bytesPerSecond: env.BYTES_PER_SECOND,
      publishPerTenSeconds: env.PUBLISH_PER_TEN_SECONDS,
      gamesPerMinute: env.GAMES_PER_MINUTE,
    }),
    perRoom: Object.freeze({
      stateBytes: env.MAX_ROOM_BYTES,
      historyEvents: env.MAX_ROOM_HISTORY_EVENTS,
      historyBytes: env.MAX_ROOM_HISTORY_BYTES,
    }),
  });

export const DEFAULT_LIMITS: ReplicaLimits = toLimits(v.parse(v.object(LIMIT_VARIABLES), {}));
