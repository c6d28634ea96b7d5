import { get } from 'node:http';
import path from 'node:path';
import { appOf } from '../config/app.ts';
import { type Config, fromCheckout } from '../config/config.ts';
import { localOrigins } from '../config/origin.ts';
import { type ReplicaEnvironment, replicaSettings } from '../config/replica-environment.ts';
import type { EdgeServer } from '../edge/options.ts';
import type { StatePaths } from './state-paths.ts';
import type { ProcessSpec } from './supervised-process.ts';

const MAIN = path.resolve(import.meta.dirname, '../../services/server/main.ts');

/** A replica's name, identity and ports. */
export interface Replica {
  /** ws1, ws2, ... */
  name: string;
  /** 1111, 2222, ... */
  appId: string;
  port: number;
  internalPort: number;
  /**
   * The UNIX socket through which the edge reaches it, relative to the state directory; without it, the edge uses its
   * port.
   */
  socket?: string;
}

/** Names `count` replicas and gives each its two ports, taken from `ports` in order. */
export function planReplicas(count: number, ports: readonly number[]): Replica[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `ws${index + 1}`,
    appId: String(index + 1).repeat(4),
    port: ports[2 * index]!,
    internalPort: ports[2 * index + 1]!,
    socket: `run/ws${index + 1}.sock`,
  }));
}

/** The replicas as servers of the edge. */
export const edgeServers = (replicas: readonly Omit<Replica, 'appId'>[]): EdgeServer[] =>
  replicas.map(({ name, port, internalPort, socket }) => ({
    name,
    address: '127.0.0.1',
    port,
    checkPort: internalPort,
    ...(socket === undefined ? {} : { socket }),
  }));

/** The process of a replica. */
export function replicaSpec(
  replica: Replica,
  config: Config,
  paths: StatePaths,
  redisPort: number,
  webRoot: string | undefined,
): ProcessSpec {
  const variables: ReplicaEnvironment = {
    APPID: replica.appId,
    HOST: '127.0.0.1',
    PORT: String(replica.port),
    ...(replica.socket === undefined ? {} : { SOCKET_PATH: replica.socket }),
    INTERNAL_HOST: '127.0.0.1',
    INTERNAL_PORT: String(replica.internalPort),
    REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    REDIS_PASSWORD_FILE: paths.redisPassword,
    TOKEN_SECRET_FILE: paths.tokenSecret,
    ALLOWED_ORIGINS: localOrigins(config).join(','),
    APP: appOf(config),
    ...replicaSettings(config),
    ...(config.jwtKeysFile === '' ? {} : { JWT_KEYS_FILE: fromCheckout(config.jwtKeysFile) }),
    ...(config.apiKeysFile === '' ? {} : { API_KEYS_FILE: fromCheckout(config.apiKeysFile) }),
    // For the operations page, which looks at what the edge shows.
    EDGE_ADDRESS: `127.0.0.1:${config.port}`,
    ...(config.certificateFile === '' ? { CERTIFICATE_ROOTS_FILE: path.join(paths.pki, 'roots.pem') } : {}),
    ...(webRoot === undefined ? {} : { WEB_ROOT: webRoot }),
  };
  return {
    name: replica.name,
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', MAIN],
    cwd: paths.root,
    logFile: path.join(paths.logs, `${replica.name}.log`),
    env: { LOG_LEVEL: 'info', ...process.env, NODE_ENV: 'production', ...variables },
  };
}

/** The file with the keys of operators: the configured one, or that of the state directory. */
export const operatorKeysOf = (
  { operatorKeysFile }: Pick<Config, 'operatorKeysFile'>,
  { operatorKeys }: Pick<StatePaths, 'operatorKeys'>,
): string => (operatorKeysFile === '' ? operatorKeys : fromCheckout(operatorKeysFile));

/** The abilities of the operations page in this run: act with a key, inspect the edge, replace a certificate. */
export const operationsSettings = (
  config: Config,
  paths: StatePaths,
  metricsPort: number | undefined,
): ReplicaEnvironment => ({
  OPERATOR_KEYS_FILE: operatorKeysOf(config, paths),
  // Only the user replaces the content of their own file.
  ...(config.certificateFile === '' ? { CONTROL_SOCKET: paths.controlSocket } : {}),
  ...(metricsPort === undefined ? {} : { EDGE_METRICS_URL: `http://127.0.0.1:${metricsPort}` }),
});

/** Resolves with true when the replica says that it is ready, with undefined otherwise. */
export function replicaReady({ internalPort }: Replica): Promise<true | undefined> {
  return new Promise((resolve) => {
    // Without the global agent, which may go through a proxy.
    const options = { host: '127.0.0.1', port: internalPort, path: '/readyz', timeout: 1000, agent: false };
    const request = get(options, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? true : undefined);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}
