import { connect } from 'node:net';
import path from 'node:path';
import type { ProcessSpec } from './process.ts';
import { ensureSecret, writePrivate } from './state-dir.ts';
import type { StatePaths } from './state-paths.ts';

function redisConfig(port: number, password: string): string {
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
    // A reply leaves only after the write is on disk: nothing acknowledged is lost when Redis dies.
    'appendfsync always',
    'maxmemory-policy noeviction',
    'maxclients 1000',
    '',
  ].join('\n');
}

/** Writes Redis's configuration and tells how it is run. */
export function redisSpec(paths: StatePaths, binary: string, port: number): ProcessSpec {
  writePrivate(paths.redisConfig, redisConfig(port, ensureSecret(paths.redisPassword)));
  const logFile = path.join(paths.logs, 'redis.log');
  return { name: 'redis', command: binary, args: [paths.redisConfig], cwd: paths.redis, logFile };
}

/** Resolves with true when Redis answers a PING, that is has loaded its data; undefined while it does not. */
export function pingRedis(paths: StatePaths, port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1000 });
    const done = (result?: true) => {
      socket.destroy();
      resolve(result);
    };
    let answer = '';
    socket.on('connect', () => socket.write(`AUTH ${ensureSecret(paths.redisPassword)}\r\nPING\r\n`));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (answer.includes('+PONG')) done(true);
      else if (/^-.*\r\n$/ms.test(answer)) done();
    });
    socket.on('timeout', () => done());
    socket.on('error', () => done());
    socket.on('close', () => done());
  });
}
