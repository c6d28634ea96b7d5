import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { PreflightError } from '../local/errors.ts';
import { waitFor } from '../local/wait.ts';
import { findBinary } from '../setup/binaries.mjs';
import { ClusterError } from './pods.ts';

const BASE = /\.base\.aof$/;
const POLL_MS = 50;
const WRITE_MS = 3_600_000;

/**
 * The commands that make what is in a snapshot, as an append-only file holds them: a Redis of this machine reads the
 * snapshot, and writes such a file.
 * @throws ClusterError when it cannot read it
 */
export async function commandsOf(snapshot: Uint8Array): Promise<Buffer> {
  const binary = findBinary('redis-server');
  if (!binary)
    throw new PreflightError('redis-server is needed to read the snapshot, and is not installed: npm run setup');
  const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-restore-'));
  const socket = path.join(directory, 'redis.sock');
  writeFileSync(path.join(directory, 'snapshot.rdb'), snapshot, { mode: 0o600 });
  const settings = ['--port', '0', '--unixsocket', socket, '--dir', directory, '--dbfilename', 'snapshot.rdb'];
  const child = spawn(binary, [...settings, '--save', '', '--aof-use-rdb-preamble', 'no'], { stdio: 'pipe' });
  let output = '';
  child.stdout.on('data', (part: Buffer) => (output = `${output}${part}`.slice(-4000)));
  const ended = once(child, 'close');
  const redis = new Redis({ path: socket, retryStrategy: () => POLL_MS, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  try {
    const refused = ended.then(() => {
      const [reason] = output.split('\n').filter((line) => /error|Can't handle|fatal/i.test(line));
      throw new ClusterError(
        `The snapshot cannot be read: ${(reason ?? 'redis-server ended').replace(/^.*?[#*] /, '')}`,
      );
    });
    return await Promise.race([appended(redis, directory), refused]);
  } finally {
    redis.disconnect();
    child.kill('SIGKILL');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The append-only file that a Redis writes of what it holds. */
async function appended(redis: Redis, directory: string): Promise<Buffer> {
  await redis.config('SET', 'appendonly', 'yes');
  const file = await waitFor(
    async () => {
      if (!/aof_rewrite_in_progress:0/.test(await redis.info('persistence'))) return undefined;
      return readdirSync(path.join(directory, 'appendonlydir')).find((name) => BASE.test(name));
    },
    { what: 'Redis to write the snapshot as commands', timeoutMs: WRITE_MS, intervalMs: POLL_MS },
  );
  return readFileSync(path.join(directory, 'appendonlydir', file));
}
