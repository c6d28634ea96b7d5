import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { Refusal } from '../authority/game-authority.ts';
import type { Logger } from '../ops/log.ts';
import type { RedisSettings, RedisTls } from './settings.ts';

/** How long one command may take before the client is told that the store is unavailable. */
const COMMAND_MS = 2000;
/**
 * How long a connection may answer nothing at all before it is replaced: a primary that is frozen, or gone with its
 * node, closes none, and another may have taken its place.
 */
const SILENCE_MS = 3000;
/** How often the map of a cluster's slots is read again even if nothing went wrong. */
const SLOTS_MS = 3000;

/** A connection for commands: to the current primary, or to all primaries of a cluster. */
export type Store = Redis | Cluster;

/**
 * Half a second at most: after a restart of Redis histories go on once every replica is connected again (`RollCall`).
 */
const backoff = (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 4), 500) * (0.5 + Math.random() / 2);
/** For the same reason: how long to wait before asking again whether a Redis that loads its data has done so. */
const LOADING_MS = 250;

type NodeOptions = Omit<RedisOptions, 'replyMapping'>;

/** Options of TLS that the client asks for their values at each connection: roots may have changed since the last. */
const tlsOptions = (tls: RedisTls) => ({
  get ca() {
    return tls.ca;
  },
});

/** What every connection to a Redis node is made with. */
function nodeOptions({ username, password, tls }: RedisSettings, name: string): NodeOptions {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
    connectionName: name,
    // RESP3 would save nothing here.
    protocol: 2,
    disableClientInfo: true,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    maxLoadingRetryTime: LOADING_MS,
    connectTimeout: COMMAND_MS,
    commandTimeout: COMMAND_MS,
    // A primary that became a replica while the connection stood: ask again who the primary is.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  };
}

/** Connects to one node: the primary, or for a cluster the node given. */
export function connectNode(
  settings: RedisSettings,
  name: string,
  given: NodeOptions = {},
  node?: { host: string; port: number },
): Redis {
  const { topology, tls } = settings;
  const options: NodeOptions = {
    ...nodeOptions(settings, name),
    enableOfflineQueue: false,
    retryStrategy: backoff,
    socketTimeout: SILENCE_MS,
    ...given,
  };
  if (node) return new Redis({ ...options, ...node });
  if (topology.kind === 'single') return new Redis({ ...options, ...topology.address, db: topology.db });
  if (topology.kind === 'cluster') throw new Error('A cluster has more than one node.');
  const { sentinels, masterName, sentinelUsername, sentinelPassword } = topology;
  return new Redis({
    ...options,
    sentinels: [...sentinels],
    name: masterName,
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: options.tls! }),
    sentinelCommandTimeout: COMMAND_MS,
    sentinelRetryStrategy: backoff,
    // Not the client's own `failoverDetector`. If it hears of the failover while the connection is being replaced, it
    // ends the connection for good; if it is replaced while it subscribes, it ends the process.
  });
}

/**
 * A connection for commands that never queues: while Redis is away, and for what was under way when it went,
 * commands fail at once. A move that was answered `unavailable` is thus never carried out later by this side.
 */
export function connectStore(settings: RedisSettings, name: string): Store {
  const { topology } = settings;
  if (topology.kind !== 'cluster') {
    return connectNode(settings, name, { enableAutoPipelining: true });
  }
  return new Cluster([...topology.nodes], {
    redisOptions: nodeOptions(settings, name),
    // No autopipelining: around a failover the client groups slots wrongly and refuses what it gathered.
    enableOfflineQueue: false,
    clusterRetryStrategy: backoff,
    clusterNodeRetryStrategy: backoff,
    // The caller decides whether to ask again.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    maxRedirections: 4,
    slotsRefreshInterval: SLOTS_MS,
    slotsRefreshTimeout: COMMAND_MS,
    // The nodes name themselves: with TLS those must be the names in their certificates.
    dnsLookup: (address, callback) => callback(null, address),
  });
}

/** Ends the connections for good. */
export function disconnectStore(store: Store): void {
  store.disconnect();
  // The client of a cluster that is looking for its slots at this moment would go on looking for ever.
  if (store instanceof Cluster) store.refreshSlotsCache = () => undefined;
}

// The errors of a Redis that is running but cannot serve now. Any other error is a bug of ours.
const TEMPORARY = new RegExp(
  `^(${[
    'LOADING',
    'OOM',
    'READONLY',
    'MISCONF',
    'BUSY',
    'MASTERDOWN',
    'CLUSTERDOWN',
    'NOREPLICAS',
    'TRYAGAIN',
    'NOAUTH',
    'WRONGPASS',
    'MOVED',
    'ASK',
    'UNBLOCKED',
  ].join('|')})\\b`,
);

/**
 * The failure of a Redis command as a `Refusal`, or the error itself when it is a mistake in this program.
 */
export function storeFailure(error: unknown): unknown {
  if (error instanceof Refusal) return error;
  const { name, message } = error as Error;
  if (name === 'ReplyError' && !TEMPORARY.test(message)) return error;
  return new Refusal('unavailable', undefined, 1000);
}

const WARN_MS = 5000;

/** What fails, as in the metrics: the connection for commands, the one for announcements, or reading a history. */
export type StoreConnection = 'commands' | 'bus' | 'reads';

export interface FailuresOptions {
  readonly log: Logger;
  readonly metrics: { readonly redisErrors: { inc(labels: { readonly connection: StoreConnection }): void } };
  /** The logged lines. */
  readonly onWarning: (connection: StoreConnection, reason: string) => void;
}

/** Counts every failure of a connection to Redis, and logs one in a while: they come in swarms. */
export function failuresOf(
  connection: StoreConnection,
  { log, metrics, onWarning }: FailuresOptions,
): (error: unknown) => void {
  let silentUntil = 0;
  return (error) => {
    metrics.redisErrors.inc({ connection });
    if (performance.now() < silentUntil) return;
    silentUntil = performance.now() + WARN_MS;
    const reason = error instanceof Error ? error.message : String(error);
    log.warn({ connection, reason }, 'Redis does not answer as it should');
    onWarning(connection, reason);
  };
}
