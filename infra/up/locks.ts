// The locks that engines hold on a stack: files that name the process, and stay when it is killed.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PreflightError } from '../local/errors.ts';
import type { UpPaths } from './paths.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * The process of this machine that a lock names; undefined for a lock of another machine, or a lock that was just
 * released.
 */
function holderOf(file: string): number | undefined {
  try {
    const { pid, hostname } = JSON.parse(readFileSync(file, 'utf8')) as { pid?: number; hostname?: string };
    return hostname === os.hostname() ? pid : undefined;
  } catch {
    // Just released, or written by an engine with another format: its own message will say so.
    return undefined;
  }
}

/**
 * Removes the locks of killed engines of this machine, and prints that. @throws PreflightError when an engine is at
 * work
 */
export function requireUnlocked(paths: Pick<UpPaths, 'locks'>, stack: string): void {
  const names = existsSync(paths.locks) ? readdirSync(paths.locks) : [];
  const files = names.filter((name) => name.endsWith('.json')).map((name) => path.join(paths.locks, name));
  for (const file of files) {
    const pid = holderOf(file);
    if (pid === undefined) continue;
    if (isAlive(pid)) {
      throw new PreflightError(
        `An engine (process ${pid}) is at work on the stack ${stack}: wait until it is done, or end it with Ctrl-C where ` +
          'it was started.',
      );
    }
    rmSync(file, { force: true });
    process.stderr.write(`Removed the lock of an earlier run (pid ${pid}) that was killed.\n`);
  }
}
