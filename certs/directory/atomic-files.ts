import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export interface StoredFile {
  name: string;
  data: string | Uint8Array;
  mode: number;
}

const STAGING = '.staging';
const PENDING = '.pending';
/** Next to the new files: the names of those to delete. */
const REMOVALS = '.removals';

/**
 * Replaces and removes several files as one: a crash at any point leaves either all the old ones or, after
 * `recover`, all the new ones. The caller holds the directory's lock and has recovered it.
 */
export function commit(directory: string, files: readonly StoredFile[], removed: readonly string[] = []): void {
  const aside = join(directory, STAGING);
  mkdirSync(aside, { mode: 0o700 });
  for (const file of files) writeDurably(join(aside, file.name), file);
  if (removed.length > 0) {
    const data = JSON.stringify(removed);
    writeDurably(join(aside, REMOVALS), { name: REMOVALS, data, mode: 0o600 });
  }
  syncDirectory(aside);
  // The point of no return: from here on the new files win.
  renameSync(aside, join(directory, PENDING));
  syncDirectory(directory);
  moveIntoPlace(directory);
}

/** Finishes or discards an interrupted commit; the caller holds the directory's lock. */
export function recover(directory: string): void {
  rmSync(join(directory, STAGING), { recursive: true, force: true });
  if (existsSync(join(directory, PENDING))) moveIntoPlace(directory);
}

/**
 * Writes one file outside the authority's directory: a reader sees either the old or the new content, whole.
 * Throws a system error.
 */
export function writeFileAtomically(path: string, data: string | Uint8Array, mode: number): void {
  const aside = `${path}.${randomUUID()}.new`;
  try {
    writeDurably(aside, { name: aside, data, mode });
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

function moveIntoPlace(directory: string): void {
  const from = join(directory, PENDING);
  const names = readdirSync(from);
  for (const name of names.filter((one) => one !== REMOVALS)) {
    renameSync(join(from, name), join(directory, name));
  }
  if (names.includes(REMOVALS)) {
    const gone = JSON.parse(readFileSync(join(from, REMOVALS), 'utf8')) as string[];
    for (const name of gone) rmSync(join(directory, name), { force: true });
    syncDirectory(directory);
    rmSync(join(from, REMOVALS));
  }
  syncDirectory(directory);
  rmdirSync(from);
}

function writeDurably(path: string, file: StoredFile): void {
  const descriptor = openSync(path, 'wx', file.mode);
  try {
    // The process's umask may have removed bits that readers of a certificate need.
    fchmodSync(descriptor, file.mode);
    writeFileSync(descriptor, file.data);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
