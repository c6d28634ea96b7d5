import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { SubjectAlternativeName } from '@peculiar/asn1-x509';
import { CertificateError, reasonOf } from '../errors.ts';
import { printable } from '../printable.ts';
import {
  DEFAULT_KEY_TYPE,
  describeKey,
  generateKeyPair,
  type KeyType,
  keyTypeOf,
  parseKeyType,
  signingAlgorithmOf,
} from './keys.ts';
import * as x509 from './library.ts';
import { type Names, normalizeNames } from './names.ts';
import { isDer, pemBlocks, pemText } from './pem.ts';
import { sanExtension } from './signing.ts';

/** The types of keys in requests: those of an authority, and RSA of any length that clients accept. */
export type RequestKeyType = KeyType | `RSA-${number}`;

/** The content of a certificate request. */
export interface RequestOptions {
  /** Attribute and value in order, as `['CN', 'game.example']`. */
  subject: (readonly [string, string])[];
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
  keyType?: KeyType | undefined;
}

/** Throws a CertificateError for a type of key that signing would refuse later. */
export function parseRequestKeyType(text: string): RequestKeyType {
  const bits = Number(/^RSA-?(\d{4})$/i.exec(text)?.[1] ?? Number.NaN);
  return bits >= 2048 && bits <= 4096 ? `RSA-${bits}` : parseKeyType(text);
}

/** A new key, and the request to certify it. */
export async function createRequest(options: RequestOptions): Promise<{ request: string; privateKey: KeyObject }> {
  const { privateKey } = generateKeyPair(options.keyType ?? DEFAULT_KEY_TYPE);
  const names = normalizeNames(options.dnsNames, options.ipAddresses);
  return { request: await signedRequest(privateKey, nameOf(options.subject), [sanExtension(names)]), privateKey };
}

/** The same request for another subject or other names; everything else stays. */
export async function withOtherNames(
  request: string,
  privateKey: KeyObject,
  { subject, names }: { subject?: RequestOptions['subject'] | undefined; names?: Names | undefined },
): Promise<string> {
  const parsed = await parseRequest(request, 'the request');
  const kept = parsed.extensions.filter(({ type }) => names === undefined || type !== SAN_OID);
  const name = subject === undefined ? parsed.subjectName.toArrayBuffer() : nameOf(subject);
  return signedRequest(privateKey, name, [...kept, ...(names === undefined ? [] : [sanExtension(names)])]);
}

const nameOf = (subject: RequestOptions['subject']) => subject.map(([attribute, value]) => ({ [attribute]: [value] }));

async function signedRequest(
  privateKey: KeyObject,
  name: x509.JsonName | ArrayBuffer,
  extensions: x509.Extension[],
): Promise<string> {
  const publicKey = createPublicKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const algorithm = signingAlgorithmOf(keyTypeOf(privateKey) ?? 'RSA-2048');
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: name instanceof ArrayBuffer ? new x509.Name(name) : new x509.Name(name),
    keys: {
      publicKey: publicKey.toCryptoKey(algorithm, true, ['verify']) as webcrypto.CryptoKey,
      privateKey: privateKey.toCryptoKey(algorithm, false, ['sign']) as webcrypto.CryptoKey,
    },
    signingAlgorithm: algorithm,
    extensions,
  });
  return `${request.toString('pem')}\n`;
}

/** A request whose signature was checked, reduced to what a certificate may take from it. */
export interface CheckedRequest {
  subject: string;
  names: Names;
  publicKey: KeyObject;
  /** The rest of the request, which is not granted. */
  dropped: string[];
}

const SAN_OID = '2.5.29.17';
const BASIC_CONSTRAINTS_OID = '2.5.29.19';
const WELL_KNOWN: Record<string, string> = {
  '2.5.29.14': 'subject key identifier',
  '2.5.29.15': 'key usage',
  '2.5.29.37': 'extended key usage',
  '2.5.29.30': 'name constraints',
  '2.5.29.32': 'certificate policies',
};

/**
 * Reads a request in DER, or in PEM anywhere in a text. Throws a CertificateError for a text without a request, a
 * request that is not signed by its own key, and a request that asks for too much.
 */
export async function checkRequest(request: string | Uint8Array, path: string): Promise<CheckedRequest> {
  const parsed = await parseRequest(request, path);
  try {
    return reduced(parsed, path);
  } catch (error) {
    if (error instanceof CertificateError) throw error;
    throw unreadable(path, error);
  }
}

function reduced(request: x509.Pkcs10CertificateRequest, path: string): CheckedRequest {
  const constraints = request.getExtension(BASIC_CONSTRAINTS_OID);
  if (constraints && new x509.BasicConstraintsExtension(constraints.rawData).ca) {
    throw refused(path, 'asks to become an authority, and only servers are certified: make it without CA:TRUE');
  }
  const publicKey = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
  if (keyTypeOf(publicKey) === undefined && !isLongRsa(publicKey)) {
    throw refused(
      path,
      `has a ${describeKey(publicKey)} key, which clients do not accept: use P-256, P-384, Ed25519 or RSA of 2048 to 4096 bits`,
    );
  }
  const { dnsNames, ipAddresses, others } = listedNames(request);
  if (dnsNames.length + ipAddresses.length === 0) {
    throw refused(path, 'names no server: add subjectAltName, as clients do not look at the common name');
  }
  const extensions = request.extensions.filter(({ type }) => ![SAN_OID, BASIC_CONSTRAINTS_OID].includes(type));
  return {
    subject: printable(request.subject),
    names: normalizeNames(dnsNames.map(decodeDnsName), ipAddresses),
    publicKey,
    dropped: [
      ...(others === 0 ? [] : [`${others} alternative names that are neither DNS name nor IP address`]),
      ...extensions.map(({ type }) => WELL_KNOWN[type] ?? `extension ${type}`),
    ],
  };
}

/** The content of a request as it is written, whether or not this authority would certify it. */
export async function describeRequest(request: string | Uint8Array, path: string) {
  const parsed = await parseRequest(request, path);
  const { dnsNames, ipAddresses } = listedNames(parsed);
  return { subject: printable(parsed.subject), dnsNames: dnsNames.map(printable), ipAddresses };
}

async function parseRequest(request: string | Uint8Array, path: string): Promise<x509.Pkcs10CertificateRequest> {
  let parsed: x509.Pkcs10CertificateRequest;
  let isGenuine: boolean;
  try {
    parsed = new x509.Pkcs10CertificateRequest(derOf(request));
    isGenuine = await parsed.verify();
  } catch (error) {
    throw unreadable(path, error);
  }
  if (isGenuine) return parsed;
  throw refused(path, 'is not signed by the key in it, so its sender may not hold that key: make it again');
}

/** Of several blocks the first request counts, as for openssl: keys and parameters may stand before it. */
function derOf(request: string | Uint8Array): Uint8Array<ArrayBuffer> {
  if (typeof request !== 'string' && isDer(request)) return Uint8Array.from(request);
  const text = typeof request === 'string' ? request : pemText(request);
  const block = pemBlocks(text).find(({ label }) => /^(NEW )?CERTIFICATE REQUEST$/.test(label));
  if (block === undefined) throw new TypeError('it holds no CERTIFICATE REQUEST');
  const base64 = block.pem.split('\n').slice(1, -2).join('');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new TypeError('what is in it is not base64');
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}

function listedNames(request: x509.Pkcs10CertificateRequest) {
  const extension = request.getExtension(SAN_OID);
  const listed = extension === null ? [] : [...AsnConvert.parse(extension.value, SubjectAlternativeName)];
  const dnsNames = listed.flatMap(({ dNSName }) => dNSName ?? []);
  const ipAddresses = listed.flatMap(({ iPAddress }) => iPAddress ?? []);
  return { dnsNames, ipAddresses, others: listed.length - dnsNames.length - ipAddresses.length };
}

/**
 * A dNSName is ASCII (RFC 5280, 4.2.1.6), but openssl writes any bytes it was given, and the parser reads them as
 * Latin-1. UTF-8 becomes its `xn--` form. Anything else is refused, because it would become a name that nobody asked
 * for.
 */
function decodeDnsName(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CertificateError(
      'invalid_name',
      `"${latin1}" has bytes that are neither ASCII nor UTF-8: write the name in its xn-- form.`,
    );
  }
}

function isLongRsa(key: KeyObject): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return key.asymmetricKeyType === 'rsa' && bits >= 2048 && bits <= 4096;
}

function refused(path: string, problem: string): CertificateError {
  return new CertificateError('invalid_request', `The request ${path} ${problem}.`);
}

function unreadable(path: string, cause: unknown): CertificateError {
  return new CertificateError(
    'invalid_request',
    `${path} is no certificate request in PEM or DER (${reasonOf(cause)}): make one with csr or "openssl req -new".`,
    { cause },
  );
}
