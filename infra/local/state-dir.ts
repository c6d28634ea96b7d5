import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { processStart } from '../setup/process-identity.mjs';
import { PreflightError } from './errors.ts';
import type { StatePaths } from './state-paths.ts';
import { type ProcessRecord, signalGroup } from './supervised-process.ts';
import { waitFor } from './wait.ts';

/** The supervisor a state directory belongs to. */
export interface Owner {
  pid: number;
  start: string;
  url: string;
  /** A short description of the cluster, where it does not run Gridlock's replicas. */
  runs?: string;
}

/** Writes a file of mode 0600 so that a reader sees the old or the new content, never a part. */
export function writePrivate(file: string, content: string | Uint8Array): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    // The content is on disk before the file gets its name. Otherwise a power cut could leave it empty.
    writeFileSync(temporary, content, { mode: 0o600, flush: true });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The records in a file of processes that still run; none where the file is damaged. */
function readAlive<T extends { pid: number; start: string }>(file: string): T[] {
  let recorded: unknown;
  try {
    recorded = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return [];
  }
  const all = (Array.isArray(recorded) ? recorded : [recorded]) as (Partial<T> | null)[];
  return all.filter((one): one is T => isAlive(one?.pid, one?.start));
}

// Pid 1 is nobody's child, and its group would be every process there is.
const isAlive = (pid: number | undefined, start: string | undefined): boolean =>
  pid !== undefined && pid > 1 && start !== undefined && processStart(pid) === start;

/** The supervisor that runs on this directory, if one does. */
export const runningOwner = (paths: StatePaths): Owner | undefined => readAlive<Owner>(paths.owner)[0];

/** @throws PreflightError when another supervisor runs on this directory */
export function requireUnowned(paths: StatePaths): void {
  const owner = runningOwner(paths);
  if (!owner) return;
  const { pid, url, runs } = owner;
  throw new PreflightError(
    `The state directory ${paths.root} belongs to a running instance (pid ${pid}, ${url}${runs === undefined ? '' : `: ${runs}`}): ` +
      'stop it with npm run stop, or choose another directory with --state-dir.',
  );
}

/**
 * Claiming a directory closes it to other users, so a directory with other content is never claimed.
 * @throws PreflightError when the directory is there and is no state directory
 */
export function requireOurs(paths: StatePaths): void {
  if (existsSync(paths.tokenSecret)) return;
  let names: string[];
  try {
    names = readdirSync(paths.root);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw stateDirProblem(paths, error);
  }
  const directories = [paths.pki, paths.redis, paths.run, paths.logs, paths.page].map((place) => path.basename(place));
  // `npm run up` and `npm run compose` keep theirs in the same place.
  const ours = [...directories, 'pulumi', 'kubernetes', 'manifests', 'compose'];
  const other = names.find((name) => !ours.includes(name) && name !== 'lost+found');
  if (other === undefined) return;
  throw new PreflightError(
    `${paths.root} is no state directory, as it holds ${other}: choose a new or empty one with --state-dir.`,
  );
}

/** Writes a generated file unless its content is right already: on a full disk, the existing file can still be used. */
export function restoreFile(file: string, content: string): void {
  let known: string | undefined;
  try {
    known = readFileSync(file, 'utf8');
  } catch {
    // It was deleted.
  }
  if (known !== content) writePrivate(file, content);
}

/**
 * Turns a failure to read or write below the state directory into an error for the user; returns any other error
 * unchanged.
 */
export function stateDirProblem(paths: StatePaths, error: unknown): unknown {
  if (!(error instanceof Error && 'syscall' in error)) return error;
  // A full disk names no path.
  if ('path' in error && !String(error.path).startsWith(paths.root)) return error;
  return new PreflightError(
    `The state directory ${paths.root} cannot be used (${error.message}): ` +
      'solve that, or choose another with --state-dir.',
  );
}

/** Removes the file of a dead owner, unless a live owner has replaced it in the meantime. */
function takeAway(paths: StatePaths): void {
  const aside = `${paths.owner}.${process.pid}.stale`;
  try {
    renameSync(paths.owner, aside);
  } catch {
    return;
  }
  if (readAlive<Owner>(aside).length > 0) linkSync(aside, paths.owner);
  rmSync(aside, { force: true });
}

/** Makes the directory and claims it; a directory left by a dead supervisor is taken over. */
export function claimStateDir(paths: StatePaths, url: string, runs?: string): void {
  const start = processStart(process.pid) ?? '';
  const owner: Owner = { pid: process.pid, start, url, ...(runs === undefined ? {} : { runs }) };
  const mine = `${paths.owner}.${process.pid}`;
  try {
    for (const directory of [paths.root, paths.redis, paths.run, paths.logs]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
    }
    chmodSync(paths.root, 0o700);
    writePrivate(mine, JSON.stringify(owner));
  } catch (error) {
    throw stateDirProblem(paths, error);
  }
  try {
    for (;;) {
      try {
        // Unlike a rename, a link never replaces the file of a faster supervisor.
        linkSync(mine, paths.owner);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        requireUnowned(paths);
        takeAway(paths);
      }
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Releases the directory. Chain, data, secrets and logs outlive the run. */
export function releaseStateDir(paths: StatePaths): void {
  for (const file of [paths.children, paths.controlSocket, paths.breakSocket, paths.runtimeSocket, paths.owner])
    rmSync(file, { force: true });
}

export function recordChildren(paths: StatePaths, children: readonly ProcessRecord[]): void {
  writePrivate(paths.children, JSON.stringify(children));
}

/** The processes that a killed supervisor left running. */
export const leftoversOf = (paths: StatePaths): ProcessRecord[] => readAlive<ProcessRecord>(paths.children);

/** Ends the processes that a killed supervisor left running. Resolves with their names. */
export async function endLeftovers(paths: StatePaths): Promise<string[]> {
  const alive = leftoversOf(paths);
  for (const { pid } of alive) signalGroup(pid, 'SIGKILL');
  const gone = async () => alive.every(({ pid, start }) => !isAlive(pid, start)) || undefined;
  await waitFor(gone, { what: 'the leftovers of a killed instance to end', timeoutMs: 5000, intervalMs: 10 });
  for (const file of [paths.children, paths.controlSocket, paths.runtimeSocket]) rmSync(file, { force: true });
  return alive.map(({ name }) => name);
}

/** The content of a secret's file. A missing file is written with `content`, by default 32 random bytes as hex. */
export function ensureSecret(file: string, content = randomBytes(32).toString('hex')): string {
  const known = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (known !== '') return known;
  writePrivate(file, content);
  return content;
}
