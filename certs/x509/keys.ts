import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, type X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CertificateError, reasonOf } from '../errors.ts';

/** The types of keys: ECDSA on two curves, RSA of two lengths, Ed25519. */
export const keyTypes = ['P-256', 'P-384', 'RSA-2048', 'RSA-4096', 'Ed25519'] as const;
export type KeyType = (typeof keyTypes)[number];
export interface KeyPair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

/** Fast on servers, and accepted by every client. */
export const DEFAULT_KEY_TYPE: KeyType = 'P-256';

/** Throws a CertificateError that lists the types. */
export function parseKeyType(text: string): KeyType {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[-_ ]/g, '');
  const found = keyTypes.find((type) => plain(type) === plain(text));
  if (found !== undefined) return found;
  throw new CertificateError('invalid_key_type', `"${text}" is not a type of key: use one of ${keyTypes.join(', ')}.`);
}

export function generateKeyPair(type: KeyType | `RSA-${number}`): KeyPair {
  if (type === 'P-256' || type === 'P-384') return generateKeyPairSync('ec', { namedCurve: type });
  if (type === 'Ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: Number(type.slice('RSA-'.length)) });
}

/** The type of a key; undefined for a type that this authority neither makes nor signs with. */
export function keyTypeOf(key: KeyObject): KeyType | undefined {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === 'ed25519') return 'Ed25519';
  if (key.asymmetricKeyType === 'ec') {
    if (details?.namedCurve === 'prime256v1') return 'P-256';
    return details?.namedCurve === 'secp384r1' ? 'P-384' : undefined;
  }
  if (key.asymmetricKeyType !== 'rsa') return undefined;
  return keyTypes.find((type) => type === `RSA-${details?.modulusLength}`);
}

/** A key of any type in words, such as `RSA-1024` or `dsa`. */
export function describeKey(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') return `RSA-${modulusLength}`;
  return keyTypeOf(key) ?? namedCurve ?? String(key.asymmetricKeyType);
}

/** How WebCrypto signs with a key of this type. */
export function signingAlgorithmOf(type: KeyType) {
  if (type === 'Ed25519') return { name: 'Ed25519' };
  if (type === 'P-256') return { name: 'ECDSA', namedCurve: type, hash: 'SHA-256' };
  if (type === 'P-384') return { name: 'ECDSA', namedCurve: type, hash: 'SHA-384' };
  return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
}

/** PKCS#8 PEM, encrypted when there is a passphrase. */
export function privateKeyPem(key: KeyObject, passphrase?: string): string {
  const secret = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return key.export({ type: 'pkcs8', format: 'pem', ...secret }).toString();
}

/** Decrypts the key in `path`. Throws a CertificateError for a wrong passphrase. */
export function decryptKey(path: string, passphrase: string): KeyObject {
  try {
    return createPrivateKey({ key: readFileSync(path), passphrase });
  } catch (error) {
    throw new CertificateError(
      'wrong_passphrase',
      `The passphrase does not open ${path} (${reasonOf(error)}): give the one the key was encrypted with.`,
      { cause: error },
    );
  }
}

/** Sixteen hexadecimal digits that identify the key of an authority. */
export function keyId(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex').slice(0, 16);
}

/**
 * Name of the file with an issuer's revocation list, in its directory and below the address it is served at.
 */
export function crlNameOf(issuer: X509Certificate): string {
  return `${keyId(issuer)}.crl`;
}

export function crlUrlOf(base: string, issuer: X509Certificate): string {
  return `${base.replace(/\/$/, '')}/${crlNameOf(issuer)}`;
}
