import { execFile } from 'node:child_process';
import type { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Consumer } from '../directory/consumers.ts';
import { CertificateError, hasCode, reasonOf } from '../errors.ts';
import { keyId } from '../x509/keys.ts';

/** A place where programs look for the roots they trust. */
export interface TrustStore {
  /** The name under which it is recorded. */
  consumer: Consumer;
  /** Which programs look there, in a few words. */
  readers: string;
  /** The change that adding a root makes, as the user would type it. */
  adds(root: X509Certificate): string;
  /** Why it cannot be changed from here, as a sentence with what to do; undefined when it can. */
  obstacle(): string | undefined;
  holds(root: X509Certificate): Promise<boolean>;
  /** Adding a root twice, or removing a root that is not there, changes nothing. Both throw a CertificateError. */
  add(root: X509Certificate): Promise<void>;
  remove(root: X509Certificate): Promise<void>;
}

/** The name of a root in every store. */
export const nickname = (root: X509Certificate): string => `gridlock ${keyId(root)}`;

/** Runs a program that changes or reads a store. Throws a CertificateError that ends with `fix`. */
export async function tool(name: string, args: readonly string[], fix: string): Promise<{ stdout: string }> {
  try {
    return await promisify(execFile)(name, [...args]);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw new CertificateError('trust_failed', `${name} is missing: ${fix}.`);
    const { stderr = '' } = error as { stderr?: string };
    const reason = stderr.trim().split('\n').at(-1) || reasonOf(error);
    throw new CertificateError('trust_failed', `${name} failed (${reason}): ${fix}.`, { cause: error });
  }
}

/** The program fails when no root has the name: then the root is not there. */
export function ignoreMissing(error: unknown): { stdout: string } {
  if (error instanceof CertificateError && /could not find|not be found|PR_FILE_NOT_FOUND/i.test(error.message))
    return { stdout: '' };
  throw error;
}

/** Writes a certificate for all to read. Throws a CertificateError. */
export function writeRoot(path: string, root: X509Certificate): void {
  try {
    writeFileSync(path, root.toString(), { mode: 0o644 });
  } catch (error) {
    throw new CertificateError('trust_failed', `${path} cannot be written (${reasonOf(error)}): run this as root.`, {
      cause: error,
    });
  }
}
