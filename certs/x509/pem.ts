import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { CertificateError, reasonOf } from '../errors.ts';
import { readBytes } from '../text-file.ts';

/** The content of a file of certificates and keys. */
export interface PemContent {
  certificates: X509Certificate[];
  keys: (KeyObject | 'encrypted')[];
}

/** One block, such as `CERTIFICATE`, with every line trimmed. */
export interface PemBlock {
  label: string;
  pem: string;
  /** Encrypted in the form that OpenSSL wrote before PKCS#8. */
  isEncrypted: boolean;
}

const CERTIFICATE = /^(X509 |TRUSTED )?CERTIFICATE$/;
const PRIVATE_KEY = /^((RSA|EC|DSA) )?PRIVATE KEY$/;

/** Reads PEM, or one certificate in DER. Throws a CertificateError that names the file and what to do. */
export function readPem(path: string): PemContent {
  const bytes = readBytes(path);
  try {
    return isDer(bytes) ? { certificates: [new X509Certificate(bytes)], keys: [] } : parsePem(pemText(bytes));
  } catch (error) {
    throw new CertificateError(
      'corrupt',
      `${path} is damaged, or neither PEM nor DER (${reasonOf(error)}): put back your copy.`,
      { cause: error },
    );
  }
}

/**
 * DER begins with the tag of a SEQUENCE, which is the digit zero in ASCII. No PEM text begins with that and a length.
 */
export function isDer(bytes: Uint8Array): boolean {
  return bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80;
}

/** PEM is ASCII with text around it in any encoding. Throws for UTF-16, in which no block would be found. */
export function pemText(bytes: Uint8Array): string {
  if (bytes.includes(0)) throw new TypeError('it is in UTF-16, or binary: save it as UTF-8');
  return Buffer.from(bytes).toString('latin1');
}

/**
 * The certificates and keys of PEM text; parameters, public keys and other blocks are passed over, as OpenSSL and HAProxy
 * do. Throws for text that is damaged or holds no block.
 */
export function parsePem(text: string): PemContent {
  const blocks = pemBlocks(text);
  if (blocks.length === 0) throw new TypeError('it is not PEM');
  const content: PemContent = { certificates: [], keys: [] };
  for (const { label, pem, isEncrypted } of blocks) {
    if (CERTIFICATE.test(label)) content.certificates.push(new X509Certificate(pem));
    else if (label === 'ENCRYPTED PRIVATE KEY' || (PRIVATE_KEY.test(label) && isEncrypted))
      content.keys.push('encrypted');
    else if (PRIVATE_KEY.test(label)) content.keys.push(createPrivateKey(pem));
  }
  return content;
}

/**
 * The blocks of PEM text as OpenSSL finds them: a marker begins a line, and blanks at the end of a line, empty lines and a
 * byte order mark do not matter. Throws for a block without its end.
 */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { label: string; lines: string[] } | undefined;
  for (const line of text.replace(/^(?:\ufeff|\u00ef\u00bb\u00bf)/, '').split(/\r\n|\n|\r/)) {
    const trimmed = line.trimEnd();
    const marker = /^-----(BEGIN|END) ([^-]+)-----$/.exec(trimmed);
    if (marker === null) {
      if (/-----(BEGIN|END) /.test(trimmed)) throw new TypeError(`"${trimmed.slice(0, 60)}" is not on a separate line`);
      if (trimmed !== '') open?.lines.push(trimmed);
      continue;
    }
    const [, edge, label = ''] = marker;
    if (edge === 'BEGIN' && open === undefined) open = { label, lines: [] };
    else if (edge === 'END' && open?.label === label) {
      blocks.push(blockOf(label, open.lines));
      open = undefined;
    } else throw new TypeError(`"${trimmed}" does not end the block before it`);
  }
  if (open !== undefined) throw new TypeError(`the end of ${open.label} is missing`);
  return blocks;
}

/** Like `readPem`, for files that have to hold at least one certificate. */
export function readCertificates(path: string): X509Certificate[] {
  const { certificates } = readPem(path);
  if (certificates.length > 0) return certificates;
  throw new CertificateError('corrupt', `${path} holds no certificate: name the file that does.`);
}

function blockOf(label: string, lines: readonly string[]): PemBlock {
  const isEncrypted = lines.some((line) => /^Proc-Type:.*\bENCRYPTED$/.test(line));
  // Headers end with an empty line.
  const headers = lines.filter((line) => line.includes(':'));
  const body = [...headers, ...(headers.length > 0 ? [''] : []), ...lines.filter((line) => !line.includes(':'))];
  return { label, pem: `-----BEGIN ${label}-----\n${body.join('\n')}\n-----END ${label}-----\n`, isEncrypted };
}
