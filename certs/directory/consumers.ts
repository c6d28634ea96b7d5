import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateError, reasonOf } from '../errors.ts';
import { commit, type StoredFile } from './atomic-files.ts';
import { withDirectory } from './directory.ts';

/** A place where a command of this authority installed its roots. */
export interface Consumer {
  /** A bundle that was exported, a browser's database, or a system's store: Debian's, that of another Linux, macOS's. */
  kind: 'file' | 'nss' | 'debian' | 'anchors' | 'macos';
  /** Path of the file, database or keychain. */
  place: string;
}

const FILE_NAME = 'consumers.json';

/** Throws a CertificateError for a damaged record. */
export function readConsumers(directory: string): Consumer[] {
  const path = join(directory, FILE_NAME);
  if (!existsSync(path)) return [];
  try {
    const consumers = JSON.parse(readFileSync(path, 'utf8')) as Consumer[];
    if (!Array.isArray(consumers)) throw new TypeError('it is not a list');
    return consumers;
  } catch (error) {
    throw new CertificateError(
      'corrupt',
      `${path} is damaged (${reasonOf(error)}): correct it, or remove it and trust or export the roots again.`,
    );
  }
}

/** Remembers where roots were put. */
export function recordConsumer(dir: string, consumer: Consumer): Promise<void> {
  return withDirectory(dir, async (directory) => {
    const others = without(readConsumers(directory), consumer);
    commit(directory, [consumersFile([...others, consumer])]);
  });
}

export function forgetConsumer(dir: string, consumer: Consumer): Promise<void> {
  return withDirectory(dir, async (directory) => {
    const consumers = readConsumers(directory);
    const others = without(consumers, consumer);
    if (others.length < consumers.length) commit(directory, [consumersFile(others)]);
  });
}

function without(consumers: readonly Consumer[], { kind, place }: Consumer): Consumer[] {
  return consumers.filter((one) => one.kind !== kind || one.place !== place);
}

function consumersFile(consumers: readonly Consumer[]): StoredFile {
  return { name: FILE_NAME, data: `${JSON.stringify(consumers, null, 2)}\n`, mode: 0o644 };
}
