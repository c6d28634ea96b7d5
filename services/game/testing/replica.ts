import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { createLogger } from '../log.ts';
import { startReplica, type Replica } from '../replica.ts';

export const ORIGIN = 'https://game.test';
export const SECRET = randomBytes(32);

/** A replica inside the test's process, on free ports. All of a test process share the secret. */
export async function startTestReplica(
  redisUrl: string,
  appId: string,
  given: Partial<Config> = {},
): Promise<Replica> {
  const config: Config = {
    appId,
    host: '127.0.0.1',
    port: 0,
    internalHost: '127.0.0.1',
    internalPort: 0,
    redisUrl,
    redisPassword: undefined,
    tokenSecret: SECRET,
    allowedOrigins: new Set([ORIGIN]),
    design: 'stateless',
    webRoot: undefined,
    heartbeatMs: 15_000,
    drainMs: 50,
    logLevel: process.env['TEST_LOG_LEVEL'] ?? 'silent',
    ...given,
  };
  const replica = await startReplica(config, createLogger(config.logLevel, appId));
  await until(() => replica.readiness.reason === undefined, 'the replica is ready');
  return replica;
}

/** Waits for a condition; fails with its name after `timeoutMs`. */
export async function until(condition: () => boolean | Promise<boolean>, name: string, timeoutMs = 10_000) {
  for (const deadline = Date.now() + timeoutMs; !(await condition()); await delay(5)) {
    if (Date.now() > deadline) throw new Error(`It never became true that ${name}.`);
  }
}
