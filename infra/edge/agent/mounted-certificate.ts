import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';

/** A certificate with its chain and key, as it lies in a mounted Secret. */
export interface MountedCertificate {
  leaf: X509Certificate;
  /** Leaf, intermediates and key. */
  pem: string;
}

/**
 * Reads `tls.crt` and the `tls.key` beside it. A Secret's mount is replaced as a whole, by a link: both files
 * are read through the same one, so that a change in between cannot mix old and new.
 * @throws Error, a sentence, when the files are not there or do not belong together
 */
export async function readMounted(certificate: string): Promise<MountedCertificate> {
  const directory = path.dirname(await realpath(certificate));
  const name = path.basename(certificate, '.crt');
  const [chain, key] = await Promise.all([
    readFile(path.join(directory, `${name}.crt`), 'utf8'),
    readFile(path.join(directory, `${name}.key`), 'utf8'),
  ]);
  const leaf = new X509Certificate(chain);
  if (!leaf.checkPrivateKey(createPrivateKey(key))) {
    throw new Error(`The key beside ${certificate} does not belong to it.`);
  }
  // An empty line would end the command it is sent in.
  const pem = `${chain}\n${key}\n`.replace(/\r/g, '').replace(/\n+/g, '\n');
  return { leaf, pem };
}
