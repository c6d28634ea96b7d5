import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createSecureContext } from 'node:tls';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * Reads `tls.crt` and `tls.key` of a directory.
 * @throws Error with a sentence when they are not there or do not belong together
 */
export async function readCertificate(directory: string): Promise<Certificate> {
  const read = (name: string) =>
    readFile(path.join(directory, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new Error(
        `${path.join(directory, name)} cannot be read (${error.code}): mount the certificate's Secret there.`,
      );
    });
  const [cert, key] = await Promise.all([read('tls.crt'), read('tls.key')]);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(`The certificate and key in ${directory} are of no use together: ${reason}.`);
  }
  return { cert, key };
}
