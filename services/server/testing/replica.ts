import { randomBytes } from 'node:crypto';
import { until } from '../../../tests/kit/wait.ts';
import { grid } from '../../apps/grid/grid.ts';
import type { AnyRoomType } from '../../protocol/index.ts';
import type { Config } from '../config.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { createLogger } from '../ops/log.ts';
import { type RedisSettings, redisSettings } from '../redis/settings.ts';
import { type Replica, startReplica } from '../replica.ts';
import { ClientAddress } from '../session/client-address.ts';

export type Design = Config['design'];
/** Every test must hold for both. */
export const DESIGNS: readonly Design[] = ['stateless', 'stateful'];

export const ORIGIN = 'https://game.test';
export const SECRET = randomBytes(32);

/** The settings of a Redis at a URL. */
export const settingsOf = (url: string): RedisSettings =>
  redisSettings(
    { REDIS_URL: url },
    () => '',
    (sentence) => {
      throw new Error(sentence);
    },
  );

/** The configuration of a replica on free ports. All of a test process share the secret. */
export const testConfig = (redis: RedisSettings, appId: string, given: Partial<Config> = {}): Config => ({
  appId,
  host: '127.0.0.1',
  port: 0,
  socketPath: undefined,
  internalHost: '127.0.0.1',
  internalPort: 0,
  redis,
  tokenSecret: SECRET,
  allowedOrigins: new Set([ORIGIN]),
  issuer: undefined,
  apiKeysFile: undefined,
  operatorKeysFile: undefined,
  guests: true,
  clientAddress: new ClientAddress(),
  limits: DEFAULT_LIMITS,
  app: 'grid',
  design: 'stateless',
  webRoot: undefined,
  edgeAddress: undefined,
  edgeMetricsUrl: undefined,
  controlSocket: undefined,
  rootsFile: undefined,
  heartbeatMs: 15_000,
  drainMs: 50,
  // A plain client does not come back when it is sent to another replica.
  rebalancePercent: 0,
  logLevel: process.env['TEST_LOG_LEVEL'] ?? 'silent',
  traces: undefined,
  ...given,
});

/** A replica inside the test's process that is ready. */
export async function startTestReplica(
  redis: string | RedisSettings,
  appId: string,
  given: Partial<Config> = {},
  type: AnyRoomType = grid,
  onDrain?: () => void,
): Promise<Replica> {
  const config = testConfig(typeof redis === 'string' ? settingsOf(redis) : redis, appId, given);
  const replica = await startReplica(config, type, createLogger(config.logLevel, appId), undefined, undefined, onDrain);
  await until(() => replica.readiness.reason === undefined, 'the replica is ready');
  return replica;
}
