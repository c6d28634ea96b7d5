import { randomUUID } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CertificateError, hasCode } from '../errors.ts';

interface Holder {
  pid: number;
  started: string;
  host: string;
}

const POLL_MS = 20;
const ASIDE = '.lock-';
const queues = new Map<string, Promise<unknown>>();

/**
 * Runs `work` while nothing else works on `directory`, in this process or another. Throws a CertificateError naming the
 * holder when the lock is not free within `timeoutMs`.
 */
export async function withLock<T>(directory: string, work: () => Promise<T>, timeoutMs = 10_000): Promise<T> {
  const turn = (queues.get(directory) ?? Promise.resolve()).then(async () => {
    const release = await acquire(directory, timeoutMs);
    try {
      return await work();
    } finally {
      release();
    }
  });
  const settled = turn.then(ignore, ignore);
  queues.set(directory, settled);
  try {
    return await turn;
  } finally {
    if (queues.get(directory) === settled) queues.delete(directory);
  }
}

/*
 * The lock is a directory with one file whose unique name identifies the holder. It appears as a whole: a prepared
 * directory is renamed, and that succeeds only over nothing or an empty directory. A dead holder's lock is broken by
 * unlinking that name, so that two processes that find it dead at once cannot remove each other's new lock.
 */
async function acquire(directory: string, timeoutMs: number): Promise<() => void> {
  const lock = join(directory, 'lock');
  const token = format({ pid: process.pid, started: startOf(process.pid), host: hostname() });
  const prepared = join(directory, ASIDE + randomUUID());
  const deadline = performance.now() + timeoutMs;
  try {
    mkdirSync(prepared, { mode: 0o700 });
    writeFileSync(join(prepared, token), '', { mode: 0o600 });
    while (!tryRename(prepared, lock)) {
      const holder = breakIfDead(lock);
      if (holder === undefined) continue;
      if (performance.now() > deadline) {
        throw new CertificateError(
          'locked',
          `Process ${holder.pid} on ${holder.host} has held ${lock} for over ${timeoutMs / 1000} s: ` +
            'wait until it is done, or remove that directory when no such process runs.',
        );
      }
      await delay(POLL_MS);
    }
  } catch (error) {
    rmSync(prepared, { recursive: true, force: true });
    throw error;
  }
  sweep(directory);
  return () => {
    quietly(() => unlinkSync(join(lock, token)));
    quietly(() => rmdirSync(lock));
  };
}

function tryRename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) return false;
    throw error;
  }
}

/** The live holder, or undefined when the lock has become free. */
function breakIfDead(lock: string): Holder | undefined {
  try {
    const token = readdirSync(lock)[0];
    if (token === undefined) return undefined;
    const holder = parse(token);
    if (holder === undefined) {
      throw new CertificateError(
        'locked',
        `${lock} holds "${token}", which is not a lock of Gridlock: remove ${lock}.`,
      );
    }
    if (isAlive(holder)) return holder;
    unlinkSync(join(lock, token));
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  return undefined;
}

/** Removes what processes that died while waiting for the lock have left. */
function sweep(directory: string): void {
  for (const name of readdirSync(directory).filter((entry) => entry.startsWith(ASIDE))) {
    quietly(() => {
      const holder = parse(readdirSync(join(directory, name))[0] ?? '');
      if (holder !== undefined && !isAlive(holder)) rmSync(join(directory, name), { recursive: true, force: true });
    });
  }
}

function format(holder: Holder): string {
  return `${holder.pid}@${holder.started}@${randomUUID()}@${holder.host}`;
}

function parse(token: string): Holder | undefined {
  const match = /^(\d+)@(\d*)@[0-9a-f-]{36}@(.*)$/.exec(token);
  if (match === null) return undefined;
  return { pid: Number(match[1]), started: match[2] ?? '', host: match[3] ?? '' };
}

function isAlive(holder: Holder): boolean {
  // Machines share this state directory, and this one cannot see whether the holder is alive.
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return !hasCode(error, 'ESRCH');
  }
  return holder.started === startOf(holder.pid);
}

/** Distinguishes a process from a later one with the same pid, where the system has /proc; '' elsewhere. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // The next holder cleans up the rest.
  }
}

function ignore(): void {}
