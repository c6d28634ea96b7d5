import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CertificateError, reasonOf } from '../errors.ts';

/** What is in a file of certificates and keys. */
export interface PemContent {
  certificates: X509Certificate[];
  keys: (KeyObject | 'encrypted')[];
}

/** Reads PEM, or one certificate in DER. Throws a CertificateError that names the file and the mend. */
export function readPem(path: string): PemContent {
  const bytes = readBytes(path);
  try {
    // DER begins with a SEQUENCE.
    return bytes[0] === 0x30
      ? { certificates: [new X509Certificate(bytes)], keys: [] }
      : parsePem(bytes.toString('utf8'));
  } catch (error) {
    throw new CertificateError(
      'corrupt',
      `${path} is damaged, or neither PEM nor DER (${reasonOf(error)}): put back your copy.`,
      { cause: error },
    );
  }
}

/** The blocks of PEM text. Throws for text that is damaged or holds none. */
export function parsePem(text: string): PemContent {
  const blocks = [...text.matchAll(/^-----BEGIN ([A-Z0-9 ]+)-----\r?$[^-]+^-----END \1-----\r?$/gm)];
  const markers = text.match(/-----(BEGIN|END)/g) ?? [];
  if (blocks.length === 0 || markers.length !== 2 * blocks.length) throw new TypeError('it is not PEM');
  const content: PemContent = { certificates: [], keys: [] };
  for (const [pem, label] of blocks) {
    if (label === 'CERTIFICATE') content.certificates.push(new X509Certificate(pem));
    else if (label === 'ENCRYPTED PRIVATE KEY') content.keys.push('encrypted');
    else if (label !== 'EC PARAMETERS') content.keys.push(createPrivateKey(pem));
  }
  return content;
}

export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CertificateError(
      'unreadable',
      `${path} cannot be read (${reasonOf(error)}): check the path and who owns it.`,
      {
        cause: error,
      },
    );
  }
}

/** As `readPem`, for files that have to hold at least one certificate. */
export function readCertificates(path: string): X509Certificate[] {
  const { certificates } = readPem(path);
  if (certificates.length > 0) return certificates;
  throw new CertificateError('corrupt', `${path} holds no certificate: name the file that does.`);
}
