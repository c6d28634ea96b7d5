import { readFileSync } from 'node:fs';
import { CertificateError, reasonOf } from './errors.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** The bytes of a file. Throws a CertificateError that names it. */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CertificateError(
      'unreadable',
      `${path} cannot be read (${reasonOf(error)}): check the path and who owns it.`,
      { cause: error },
    );
  }
}

/**
 * The text of a file in UTF-8, without a byte order mark. Another encoding is refused, never guessed: replacement
 * characters would make two different secrets equal. Throws a CertificateError that names the file.
 */
export function readText(path: string): string {
  return decodeText(readBytes(path), path);
}

/** Like `readText`, for the bytes of a file. */
export function decodeText(bytes: Uint8Array, path: string): string {
  // The encoding that Windows calls "Unicode". Without a mark its letters have zero bytes between them, which UTF-8
  // text never has.
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16 || bytes.includes(0)) throw encodingError(path, 'is in UTF-16, or binary');
  try {
    return UTF8.decode(bytes);
  } catch {
    throw encodingError(path, 'is not in UTF-8');
  }
}

/**
 * The first line of a file with a passphrase. Throws a CertificateError for a file that cannot be read, is not in UTF-8,
 * or begins with fewer than four characters.
 */
export function readPassphrase(path: string): string {
  const [passphrase = ''] = readText(path).split(/\r\n|\n|\r/, 1);
  if (passphrase.length >= 4) return passphrase;
  throw new CertificateError(
    'wrong_passphrase',
    `The first line of ${path} is shorter than four characters: write the passphrase there.`,
  );
}

/** A secret in base64. Throws a CertificateError for anything else, because decoders silently drop it. */
export function readBase64Secret(path: string): string {
  const secret = readText(path).trim();
  if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(secret) && secret !== '')
    return secret;
  throw new CertificateError(
    'invalid_usage',
    `${path} holds no secret in base64: write the key there, and nothing else.`,
  );
}

function encodingError(path: string, problem: string): CertificateError {
  return new CertificateError('unreadable', `${path} ${problem}: save it as UTF-8.`);
}
