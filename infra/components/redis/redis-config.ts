import { memberNames, PRIMARY, QUORUM, REDIS_PORT, SENTINEL_PORT, serviceHost } from './redis-connection.ts';

/** The mounts of the pod's volumes; the scripts get the directories as variables. */
export const REDIS_PATHS = {
  data: '/data',
  config: '/etc/gridlock/config',
  scripts: '/etc/gridlock/scripts',
  secrets: '/etc/gridlock/secrets',
  tls: '/etc/gridlock/tls',
  trust: '/etc/gridlock/trust',
} as const;

export type RedisPaths = Readonly<Record<keyof typeof REDIS_PATHS, string>>;
export const CA_FILE = 'roots.pem';

/** The memory limit of Redis's container: twice its data, for rewriting its file and for clients. */
export const memoryLimitMib = (memoryMib: number): number => 2 * memoryMib;

/** When a write is on disk: before it is answered, or within a second. */
export type Persistence = 'always' | 'everysec';

export interface RedisConfigOptions {
  readonly persistence: Persistence;
  /** Memory for data. */
  readonly memoryMib: number;
  readonly paths?: RedisPaths;
  readonly port?: number;
}

const tls = (paths: RedisPaths): string[] => [
  `tls-cert-file ${paths.tls}/tls.crt`,
  `tls-key-file ${paths.tls}/tls.key`,
  `tls-ca-cert-file ${paths.trust}/${CA_FILE}`,
  // Clients prove themselves by their password.
  'tls-auth-clients no',
  'tls-protocols "TLSv1.3"',
];

/** `redis.conf` of one Redis without replicas. Pure, without a secret. */
export function redisConfig({
  persistence,
  memoryMib,
  paths = REDIS_PATHS,
  port = REDIS_PORT,
}: RedisConfigOptions): string {
  return [
    'bind * -::*',
    // TLS and passwords protect it, not the network.
    'protected-mode no',
    'port 0',
    `tls-port ${port}`,
    ...tls(paths),
    `aclfile ${paths.secrets}/redis.acl`,
    `dir ${paths.data}`,
    'daemonize no',
    'logfile ""',
    'save ""',
    'appendonly yes',
    // With always a reply leaves only after the write is on disk: nothing acknowledged is lost when Redis
    // dies.
    `appendfsync ${persistence}`,
    // A rewrite must not suspend this.
    'no-appendfsync-on-rewrite no',
    `maxmemory ${memoryMib}mb`,
    // A full Redis refuses writes, and evicts no game.
    'maxmemory-policy noeviction',
    'maxclients 4000',
    'tcp-keepalive 30',
    'shutdown-timeout 10',
    '',
  ].join('\n');
}

/** The additional settings for replication, except the choice of the primary, which the start script makes. */
export function replicatedRedisConfig(options: RedisConfigOptions): string {
  const { paths = REDIS_PATHS } = options;
  return [
    redisConfig(options).trimEnd(),
    'tls-replication yes',
    // `masteruser` and `masterauth`.
    `include ${paths.secrets}/replication.conf`,
    'repl-diskless-sync yes',
    'repl-diskless-sync-delay 0',
    'repl-backlog-size 16mb',
    // A replica that lost its primary says so instead of giving old answers.
    'replica-serve-stale-data no',
    // A primary that is cut off from its replicas refuses writes, because another one may have replaced it.
    'min-replicas-to-write 1',
    'min-replicas-max-lag 10',
    '',
  ].join('\n');
}

export const replicationSecret = (password: string): string => `masteruser replication\nmasterauth ${password}\n`;

export const SENTINEL_TIMES = { downAfterMs: 3000, failoverTimeoutMs: 20_000 } as const;

/** `sentinel.conf` without its state: the parts before and after `sentinel monitor`. */
export function sentinelConfig(
  paths: RedisPaths = REDIS_PATHS,
  port = SENTINEL_PORT,
): { head: string; settings: string } {
  const head = [
    'bind * -::*',
    'protected-mode no',
    'port 0',
    `tls-port ${port}`,
    ...tls(paths),
    'tls-replication yes',
    `aclfile ${paths.secrets}/sentinel.acl`,
    `dir ${paths.data}`,
    'daemonize no',
    'logfile ""',
    'sentinel resolve-hostnames yes',
    'sentinel announce-hostnames yes',
    'sentinel deny-scripts-reconfig yes',
    '',
  ];
  const settings = [
    `sentinel down-after-milliseconds ${PRIMARY} ${SENTINEL_TIMES.downAfterMs}`,
    `sentinel failover-timeout ${PRIMARY} ${SENTINEL_TIMES.failoverTimeoutMs}`,
    `sentinel parallel-syncs ${PRIMARY} 1`,
    '',
  ];
  return { head: head.join('\n'), settings: settings.join('\n') };
}

/** The passwords of Sentinel for Redis and for the other sentinels; these lines must come after `monitor`. */
export const sentinelSecrets = (password: string) => ({
  peers: `sentinel sentinel-user sentinel\nsentinel sentinel-pass ${password}\n`,
  primary: `sentinel auth-user ${PRIMARY} sentinel\nsentinel auth-pass ${PRIMARY} ${password}\n`,
});

/** Variables of the scripts in a Sentinel pod: the other members. */
export const topologyEnv = (cluster: string, namespace: string): Record<string, string> => ({
  PRIMARY,
  QUORUM: String(QUORUM),
  SENTINEL_PORT: String(SENTINEL_PORT),
  MEMBERS: memberNames(cluster)
    .map((name) => `${serviceHost(name, namespace)}:${REDIS_PORT}:${SENTINEL_PORT}`)
    .join(' '),
});
