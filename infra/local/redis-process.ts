import { existsSync } from 'node:fs';
import path from 'node:path';
import { ensureSecret, restoreFile } from './state-dir.ts';
import type { StatePaths } from './state-paths.ts';
import type { ProcessSpec } from './supervised-process.ts';

function redisConfig(port: number, password: string, memoryMib: number): string {
  return [
    '# Written by infra/local at every start.',
    'bind 127.0.0.1',
    `port ${port}`,
    'protected-mode yes',
    `requirepass ${password}`,
    'dir .',
    'daemonize no',
    'logfile ""',
    'save ""',
    'appendonly yes',
    // Redis replies only after the write is on disk: no acknowledged write is lost when Redis dies.
    'appendfsync always',
    // A full Redis refuses writes, and evicts no game.
    `maxmemory ${memoryMib}mb`,
    'maxmemory-policy noeviction',
    'maxclients 1000',
    '',
  ].join('\n');
}

/** Writes Redis's configuration and returns how to run it. */
export function redisSpec(paths: StatePaths, binary: string, port: number, memoryMib: number): ProcessSpec {
  const text = redisConfig(port, ensureSecret(paths.redisPassword), memoryMib);
  // Restores only a deleted file. Settings that were changed while Redis ran, such as appendfsync, must survive a
  // crash: replicas use them to decide whether Redis lost data.
  const prepare = async () => {
    if (!existsSync(paths.redisConfig)) restoreFile(paths.redisConfig, text);
  };
  restoreFile(paths.redisConfig, text);
  const logFile = path.join(paths.logs, 'redis.log');
  return { name: 'redis', command: binary, args: [paths.redisConfig], cwd: paths.redis, logFile, prepare };
}

/** Resolves with true when Redis has loaded its data and serves; rejects until then. */
export async function pingRedis(paths: StatePaths, port: number): Promise<true> {
  const { Redis } = await import('ioredis');
  const redis = new Redis({
    host: '127.0.0.1',
    port,
    password: ensureSecret(paths.redisPassword),
    lazyConnect: true,
    connectTimeout: 1000,
    commandTimeout: 1000,
    // The caller retries.
    retryStrategy: () => null,
  });
  // The calls below report failures.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    await redis.ping();
    return true;
  } finally {
    redis.disconnect();
  }
}
