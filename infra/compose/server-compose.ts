import { mirrored } from '../components/artifacts.ts';
import { memoryLimitMib } from '../components/redis/redis-config.ts';
import type { Config } from '../config/config.ts';
import { userTraceVariables } from '../config/traces.ts';
import { isLoopback } from '../edge/options.ts';
import { MOUNT, type Owner, RUN_MOUNT } from './files.ts';

/** The host name that Compose gives to Redis. */
export const REDIS_HOST = 'redis';
const REDIS_PORT = 6379;
/** The time that the edge may take beyond the drain of the servers, in seconds. */
const EDGE_MARGIN = 2;

/** Values whose change makes a new container. */
export interface Fingerprints {
  readonly edge: string;
  readonly redis: string;
}

export interface ServerComposeOptions {
  readonly config: Config;
  readonly owner: Owner;
  readonly fingerprints: Fingerprints;
  /** The password of Redis. */
  readonly password: string;
}

/** The containers of the user's own server: ws1, ws2, ... */
export const serverNames = ({ replicas }: Pick<Config, 'replicas'>): string[] =>
  Array.from({ length: replicas }, (_, index) => `ws${index + 1}`);

/** No process may gain privileges. */
const CONTAINED = {
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
  restart: 'unless-stopped',
  pids_limit: 512,
  logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
};

const bind = (source: string, target: string, isWritten = false) => ({
  type: 'bind',
  source,
  target,
  ...(isWritten ? {} : { read_only: true }),
  bind: { create_host_path: false, selinux: 'z' },
});

/** Compose reads $ as the beginning of a variable. */
const literal = (text: string): string => text.replaceAll('$', '$$$$');

function edgeService({ config, owner, fingerprints }: ServerComposeOptions) {
  const { port, httpPort, host, drainSeconds } = config;
  const address = isLoopback(host) ? '127.0.0.1' : '0.0.0.0';
  const redirects = `exec 3<>/dev/tcp/127.0.0.1/${httpPort} && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && read -r -t 2 answer <&3 && [[ $answer == *' 308 '* ]]`;
  return {
    ...CONTAINED,
    image: mirrored(config, config.haproxyImage),
    user: `${owner.uid}:${owner.gid}`,
    read_only: true,
    entrypoint: ['haproxy', '-W', '-db', '-f', `${MOUNT}/haproxy.cfg`],
    ports: [`${address}:${port}:${port}`, `${address}:${httpPort}:${httpPort}`],
    networks: ['front', 'edge'],
    volumes: [bind('./edge', MOUNT), bind('./run', RUN_MOUNT, true)],
    environment: { GRIDLOCK_FILES: fingerprints.edge },
    mem_limit: '1g',
    stop_signal: 'SIGUSR1',
    stop_grace_period: `${drainSeconds + EDGE_MARGIN}s`,
    healthcheck: {
      // Its image has no HTTP client, but it has bash.
      test: ['CMD', 'bash', '-c', literal(redirects)],
      ...{ interval: '5s', timeout: '4s', retries: 3, start_period: '10s' },
    },
  };
}

function serverService({ config, password }: ServerComposeOptions, index: number) {
  const { serverImage, serverPort, redis, drainSignal, drainSeconds } = config;
  const environment = {
    ...userTraceVariables(config),
    ...config.serverEnvironment,
    ...config.serverSecretEnvironment,
    PORT: String(serverPort),
    APPID: String(index + 1).repeat(4),
    ...(redis === 'none' ? {} : { REDIS_URL: `redis://:${password}@${REDIS_HOST}:${REDIS_PORT}` }),
  };
  return {
    ...CONTAINED,
    image: serverImage,
    read_only: true,
    tmpfs: ['/tmp'],
    // The edge checks its health: the content of the image is unknown.
    ...(redis === 'none' ? {} : { depends_on: { [REDIS_HOST]: { condition: 'service_healthy' } } }),
    networks: ['edge', 'out', ...(redis === 'none' ? [] : ['data'])],
    environment: Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, literal(value)])),
    mem_limit: '1g',
    stop_signal: drainSignal,
    stop_grace_period: `${drainSeconds}s`,
  };
}

function redisServices({ config, owner, fingerprints }: ServerComposeOptions) {
  const image = mirrored(config, config.redisImage);
  const user = `${owner.uid}:${owner.gid}`;
  const ping = `REDISCLI_AUTH="$(cat ${MOUNT}/redis.password)" redis-cli ping | grep -q PONG`;
  return {
    [REDIS_HOST]: {
      ...CONTAINED,
      ...{ image, user, read_only: true, networks: ['data'] },
      entrypoint: ['redis-server', `${MOUNT}/redis.conf`],
      depends_on: { 'redis-volume': { condition: 'service_completed_successfully' } },
      environment: { GRIDLOCK_FILES: fingerprints.redis },
      volumes: [bind('./server-redis', MOUNT), 'server-redis:/data'],
      // A rewrite of its file may copy every page.
      mem_limit: `${memoryLimitMib(config.redisMemoryMib)}m`,
      stop_grace_period: '20s',
      healthcheck: {
        test: ['CMD', 'sh', '-c', literal(ping)],
        ...{ interval: '2s', timeout: '4s', retries: 15, start_period: '30s' },
      },
    },
    // A new volume belongs to root: this gives it to the user of Redis, once, and ends.
    'redis-volume': {
      ...CONTAINED,
      ...{ image, user: '0:0', read_only: true, cap_add: ['CHOWN'], restart: 'no', network_mode: 'none' },
      entrypoint: ['chown', user, '/data'],
      volumes: ['server-redis:/data'],
    },
  };
}

/**
 * The services for Docker Compose: the edge, the user's own servers, and their Redis. Paths are relative to the file.
 */
export function serverCompose(options: ServerComposeOptions) {
  const { config } = options;
  const hasRedis = config.redis !== 'none';
  const servers = serverNames(config).map((name, index) => [name, serverService(options, index)] as const);
  return {
    name: 'gridlock',
    services: {
      edge: edgeService(options),
      ...Object.fromEntries(servers),
      ...(hasRedis ? redisServices(options) : {}),
    },
    networks: {
      front: {},
      edge: { internal: true },
      // The network for outgoing connections of your server; nothing is published on it.
      out: {},
      ...(hasRedis ? { data: { internal: true } } : {}),
    },
    ...(hasRedis ? { volumes: { 'server-redis': {} } } : {}),
  };
}

/** A Redis for servers in any language: a password and no TLS, on a network that leads nowhere else. */
export const serverRedisConfig = (password: string, memoryMib: number): string =>
  [
    'bind * -::*',
    'protected-mode no',
    `port ${REDIS_PORT}`,
    `requirepass ${password}`,
    'dir /data',
    'daemonize no',
    'logfile ""',
    'save ""',
    'appendonly yes',
    // Redis replies only after the write is on disk: no acknowledged write is lost when Redis dies.
    'appendfsync always',
    `maxmemory ${memoryMib}mb`,
    'maxmemory-policy noeviction',
    '',
  ].join('\n');
