import { Redis, type RedisOptions } from 'ioredis';
import { Refusal } from './authority.ts';

/** How long one command may take before the client is told that the store is unavailable. */
const COMMAND_MS = 2000;

type Options = Omit<RedisOptions, 'replyMapping'>;

export interface RedisAddress {
  readonly url: string;
  readonly password: string | undefined;
}

/**
 * A connection that never queues: while Redis is away, and for what was under way when it went, commands fail
 * at once. A move that was answered `unavailable` is thus never carried out later by this side.
 */
export function connectRedis({ url, password }: RedisAddress, name: string, options: Options = {}): Redis {
  const settings: Options = {
    ...(password === undefined ? {} : { password }),
    connectionName: name,
    // RESP3 would save nothing here.
    protocol: 2,
    disableClientInfo: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    connectTimeout: COMMAND_MS,
    commandTimeout: COMMAND_MS,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 5), 1000) * (0.5 + Math.random() / 2),
    ...options,
  };
  return new Redis(url, settings);
}

// What Redis answers when it is there but cannot serve now. Anything else it says is a mistake of ours.
const TEMPORARY = new RegExp(`^(${[
  'LOADING', 'OOM', 'READONLY', 'MISCONF', 'BUSY', 'MASTERDOWN', 'CLUSTERDOWN', 'NOREPLICAS', 'TRYAGAIN', 'NOAUTH',
  'WRONGPASS',
].join('|')})\\b`);

/**
 * The failure of a Redis command as a `Refusal`, or the error itself when it is a mistake in this program.
 */
export function storeFailure(error: unknown): unknown {
  if (error instanceof Refusal) return error;
  const { name, message } = error as Error;
  if (name === 'ReplyError' && !TEMPORARY.test(message)) return error;
  return new Refusal('unavailable', undefined, 1000);
}
