import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PreflightError } from '../../../infra/local/errors.ts';
import { node, type Place, redisUrl, type System, WORKLOADS } from './system.ts';

export const PEERS_DIRECTORY = path.resolve(import.meta.dirname, '../../peers');

const common = {
  seating: 'apart',
  persistence: 'none',
  isSingle: false,
  readyPath: '/readyz',
  workloads: WORKLOADS,
  isPeer: true,
} as const;

/** The tutorial's server; a fault can be planted in it. */
export const naiveServer = (fault?: 'drop' | 'duplicate' | 'late'): System => ({
  ...common,
  name: 'naive',
  label: 'naive server',
  dialect: 'naive',
  isPeer: false,
  replica: (place: Place) =>
    node(path.join(import.meta.dirname, 'naive-server.ts'), {
      NAME: `ws${place.number}`,
      PORT: String(place.port),
      REDIS_URL: redisUrl(place),
      ...(fault === undefined ? {} : { FAULT: fault }),
    }),
});

const bareServer: System = {
  ...common,
  name: 'bare-ws',
  label: 'bare `ws`, held only',
  dialect: 'bare',
  persistence: undefined,
  workloads: ['idle'],
  isPeer: false,
  replica: ({ port }) => node(path.join(import.meta.dirname, 'bare-server.ts'), { PORT: String(port) }),
};

const socketIo = (adapter: 'redis' | 'streams'): System => ({
  ...common,
  name: `socket.io-${adapter}`,
  label: adapter === 'redis' ? 'Socket.IO, redis-adapter' : 'Socket.IO, redis-streams-adapter, recovery',
  dialect: 'socketIo',
  replica: (place) =>
    node(path.join(PEERS_DIRECTORY, 'socket-io.mjs'), {
      PORT: String(place.port),
      REDIS_URL: redisUrl(place),
      ADAPTER: adapter,
    }),
});

const colyseus: System = {
  ...common,
  name: 'colyseus',
  label: 'Colyseus, one process',
  dialect: 'colyseus',
  seating: 'together',
  persistence: undefined,
  isSingle: true,
  readyPath: '/__healthcheck',
  // Its rooms end with the process, so there is nothing to come back to.
  workloads: WORKLOADS.filter((workload) => workload !== 'kill'),
  replica: ({ port }) => node(path.join(PEERS_DIRECTORY, 'colyseus.mjs'), { PORT: String(port) }),
};

export const PEERS: readonly System[] = [naiveServer(), bareServer, socketIo('redis'), socketIo('streams'), colyseus];

/** Two rows for a Centrifugo binary: by default, and with history and recovery. */
export const centrifugo = (binary: string): System[] =>
  [false, true].map((recovers) => ({
    ...common,
    name: recovers ? 'centrifugo-recovery' : 'centrifugo',
    label: recovers ? 'Centrifugo, history and recovery' : 'Centrifugo',
    dialect: 'centrifugo',
    readyPath: '/health',
    isPeer: false,
    ...(recovers ? { params: { recover: 'yes' } } : {}),
    replica: (place) => ({
      command: binary,
      args: [],
      // Its configuration by environment: https://centrifugal.dev/docs/server/configuration
      env: {
        ...process.env,
        CENTRIFUGO_HTTP_SERVER_PORT: String(place.port),
        CENTRIFUGO_HTTP_SERVER_ADDRESS: '127.0.0.1',
        CENTRIFUGO_ENGINE_TYPE: 'redis',
        CENTRIFUGO_ENGINE_REDIS_ADDRESS: redisUrl(place),
        CENTRIFUGO_CLIENT_INSECURE: 'true',
        CENTRIFUGO_CLIENT_ALLOWED_ORIGINS: '*',
        CENTRIFUGO_HEALTH_ENABLED: 'true',
        CENTRIFUGO_LOG_LEVEL: 'error',
        CENTRIFUGO_CHANNEL_WITHOUT_NAMESPACE_ALLOW_SUBSCRIBE_FOR_CLIENT: 'true',
        CENTRIFUGO_CHANNEL_WITHOUT_NAMESPACE_ALLOW_PUBLISH_FOR_CLIENT: 'true',
        ...(recovers
          ? {
              CENTRIFUGO_CHANNEL_WITHOUT_NAMESPACE_HISTORY_SIZE: '300',
              CENTRIFUGO_CHANNEL_WITHOUT_NAMESPACE_HISTORY_TTL: '300s',
              CENTRIFUGO_CHANNEL_WITHOUT_NAMESPACE_FORCE_RECOVERY: 'true',
            }
          : {}),
      },
    }),
  }));

/** Installs the peers' package from its lockfile, unless exactly that is installed already. */
export function ensurePeers(report: (line: string) => void, directory = PEERS_DIRECTORY): void {
  const lock = readFileSync(path.join(directory, 'package-lock.json'), 'utf8');
  const installed = path.join(directory, 'node_modules', '.installed-lock');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === lock) return;
  report('installing the peers (npm ci in loadtest/peers)');
  const { status, stderr, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) {
    const last = (error?.message ?? stderr.trim().split('\n').slice(-3).join(' ')).replace(/\.?$/, '.');
    throw new PreflightError(`The peers could not be installed; run npm ci in loadtest/peers. npm says: ${last}`);
  }
  writeFileSync(installed, lock);
}
