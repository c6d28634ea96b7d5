import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { hasCode } from './errors.ts';

export type StoredFile = { name: string; data: string; mode: number };

const staging = '.staging';
const pending = '.pending';

/**
 * Replaces several files as one: a crash at any point leaves either all the old ones or, after `recover`,
 * all the new ones. The caller holds the directory's lock and has recovered it.
 */
export function commit(directory: string, files: readonly StoredFile[]): void {
  const aside = join(directory, staging);
  mkdirSync(aside, { mode: 0o700 });
  for (const file of files) writeDurably(join(aside, file.name), file);
  syncDirectory(aside);
  // The point of no return: from here on the new files win.
  renameSync(aside, join(directory, pending));
  syncDirectory(directory);
  moveIntoPlace(
    directory,
    files.map((file) => file.name),
  );
}

/** Finishes or drops what an interrupted commit left; the caller holds the directory's lock. */
export function recover(directory: string): void {
  rmSync(join(directory, staging), { recursive: true, force: true });
  try {
    moveIntoPlace(directory, readdirSync(join(directory, pending)));
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

function moveIntoPlace(directory: string, names: readonly string[]): void {
  const from = join(directory, pending);
  for (const name of names) renameSync(join(from, name), join(directory, name));
  syncDirectory(directory);
  rmdirSync(from);
}

function writeDurably(path: string, file: StoredFile): void {
  const descriptor = openSync(path, 'wx', file.mode);
  try {
    // The process's umask may have taken bits away that the readers of a certificate need.
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
