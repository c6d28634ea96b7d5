import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { CertificateError } from '../errors.ts';
import { recover } from './atomic-files.ts';
import { withLock } from './directory-lock.ts';

/**
 * Runs `work` on an authority's directory, under its lock. Makes a missing directory, and first finishes or discards an
 * interrupted change. Throws a CertificateError when the directory cannot be used.
 */
export async function withDirectory<T>(
  dir: string,
  work: (directory: string) => Promise<T>,
  lockTimeoutMs?: number,
): Promise<T> {
  const directory = resolve(dir);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const alone = async () => {
      recover(directory);
      return work(directory);
    };
    return await withLock(directory, alone, lockTimeoutMs);
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new CertificateError(
      'unreadable',
      `The certificate directory ${directory} cannot be used (${error.message}): ` +
        'check what it is and who owns it.',
      { cause: error },
    );
  }
}
