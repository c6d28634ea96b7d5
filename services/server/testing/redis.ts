import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';
import { freePort } from '../../../tests/kit/ports.ts';

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly directory: string;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  /** Starts it again on the same port with what is on its disk. */
  restart(): Promise<void>;
  /** Ends it and removes its directory. */
  stop(): Promise<void>;
}

export interface RedisTestOptions {
  /** Lines of its configuration; they come last and so win. */
  readonly config?: readonly string[];
  readonly isSentinel?: boolean;
  /** How a client gets in, to see that it serves. */
  readonly client?: Omit<RedisOptions, 'replyMapping'>;
  readonly port?: number;
}

/** A separate Redis on a free port, durable like the real one unless told otherwise. */
export async function startRedis(options: RedisTestOptions = {}): Promise<TestRedis> {
  if (options.port !== undefined) return startOn(options.port, options);
  try {
    return await startOn(await freePort(), options);
  } catch {
    // Another process may have been given the same free port, and have been quicker.
    return startOn(await freePort(), options);
  }
}

async function startOn(port: number, options: RedisTestOptions): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'gridlock-redis-'));
  const own = options.isSentinel ? [] : ['save ""', 'appendonly yes', 'appendfsync always'];
  const lines = [`port ${port}`, 'bind 127.0.0.1', `dir ${directory}`, ...own, ...(options.config ?? [])];
  const file = join(directory, 'redis.conf');
  await writeFile(file, `${lines.join('\n')}\n`);
  let child: ChildProcess | undefined;
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  const start = async () => {
    child = spawn('redis-server', [file, ...(options.isSentinel ? ['--sentinel'] : [])], { stdio: 'ignore' });
    await served(child, port, options.client ?? {});
  };
  const stop = async () => {
    await kill();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    directory,
    get pid() {
      return child!.pid!;
    },
    kill,
    restart: start,
    stop,
  };
}

/** Starts several at once, or none: a test that cannot begin leaves nothing behind. */
export async function startEach(each: readonly RedisTestOptions[]): Promise<TestRedis[]> {
  const starts = await Promise.allSettled(each.map((options) => startRedis(options)));
  const started = starts.filter((start) => start.status === 'fulfilled').map(({ value }) => value);
  const failed = starts.find((start) => start.status === 'rejected');
  if (!failed) return started;
  await Promise.all(started.map((redis) => redis.stop()));
  throw failed.reason;
}

/** The log that Redis writes now. */
function logOf({ directory }: TestRedis): string {
  const folder = join(directory, 'appendonlydir');
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.incr.aof'))!);
}

/** How many bytes a Redis has written to its log. */
export const logSize = (redis: TestRedis): number => statSync(logOf(redis)).size;

/** Takes everything beyond a size off the log of a Redis that is down, as a disk does that did not keep its promise. */
export const cutLog = (redis: TestRedis, size: number): void => truncateSync(logOf(redis), size);

/** A connection of the test's own to one node. */
export function adminOf({ port }: { port: number }, options: Omit<RedisOptions, 'replyMapping'> = {}): Redis {
  const admin = new Redis({ host: '127.0.0.1', port, protocol: 2, ...options });
  admin.on('error', () => undefined);
  return admin;
}

async function served(child: ChildProcess, port: number, client: Omit<RedisOptions, 'replyMapping'>): Promise<void> {
  // It may have a lot to load.
  for (const deadline = Date.now() + 30_000; !(await answers(child.pid, port, client)); await delay(20)) {
    if (child.exitCode === null && Date.now() < deadline) continue;
    const end = child.exitCode === null ? 'it does not answer within 30 s' : `it ended with ${child.exitCode}`;
    child.kill('SIGKILL');
    throw new Error(`The redis-server of the test did not start on port ${port}: ${end}.`);
  }
}

async function answers(
  pid: number | undefined,
  port: number,
  client: Omit<RedisOptions, 'replyMapping'>,
): Promise<boolean> {
  const once = { lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0, ...client };
  const probe = adminOf({ port }, once);
  try {
    // Resolves when the data set is loaded, too.
    await probe.connect();
    // Of another process on the same port it is not the answer.
    return (await probe.info('server')).includes(`process_id:${pid}\r\n`);
  } catch {
    return false;
  } finally {
    probe.disconnect();
  }
}
