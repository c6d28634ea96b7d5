import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { SubjectAlternativeName } from '@peculiar/asn1-x509';
import { CertificateError, reasonOf } from '../errors.ts';
import { defaultKeyType, describeKey, generateKeyPair, keyTypeOf, privateKeyPem, signingAlgorithmOf } from './keys.ts';
import * as x509 from './library.ts';
import { type Names, normalizeIpAddress, normalizeNames } from './names.ts';
import type { RequestOptions } from './request-config.ts';
import { sanExtension } from './signing.ts';

/** A new key, and the request to certify it. */
export async function createRequest(
  options: RequestOptions,
  passphrase?: string,
): Promise<{ request: string; key: string }> {
  const names = normalizeNames(options.dnsNames, options.ipAddresses);
  const type = options.keyType ?? defaultKeyType;
  const pair = generateKeyPair(type);
  const algorithm = signingAlgorithmOf(type);
  const keys = {
    publicKey: pair.publicKey.toCryptoKey(algorithm, true, ['verify']) as webcrypto.CryptoKey,
    privateKey: pair.privateKey.toCryptoKey(algorithm, false, ['sign']) as webcrypto.CryptoKey,
  };
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: options.subject.map(([attribute, value]) => ({ [attribute]: [value] })),
    keys,
    signingAlgorithm: algorithm,
    extensions: [sanExtension(names)],
  });
  return { request: `${request.toString('pem')}\n`, key: privateKeyPem(pair.privateKey, passphrase) };
}

/** A request whose signature was checked, reduced to what a certificate may take from it. */
export interface CheckedRequest {
  subject: string;
  names: Names;
  publicKey: KeyObject;
  /** What it asks for beyond that, and does not get. */
  dropped: string[];
}

const sanOid = '2.5.29.17';
const basicConstraintsOid = '2.5.29.19';
const wellKnown: Record<string, string> = {
  '2.5.29.14': 'subject key identifier',
  '2.5.29.15': 'key usage',
  '2.5.29.37': 'extended key usage',
  '2.5.29.30': 'name constraints',
  '2.5.29.32': 'certificate policies',
};

/** Throws a CertificateError for what is no request, is not signed by its own key, or asks for too much. */
export async function checkRequest(pem: string, path: string): Promise<CheckedRequest> {
  const request = await parse(pem, path);
  if (request.getExtension(basicConstraintsOid)) {
    const { ca } = new x509.BasicConstraintsExtension(request.getExtension(basicConstraintsOid)!.rawData);
    if (ca) throw refused(path, 'asks to become an authority, and only servers are certified: make it without CA:TRUE');
  }
  const publicKey = createPublicKey({
    key: Buffer.from(request.publicKey.rawData),
    format: 'der',
    type: 'spki',
  });
  if (keyTypeOf(publicKey) === undefined && !isLongRsa(publicKey)) {
    throw refused(
      path,
      `has a ${describeKey(publicKey)} key, which clients do not accept: use P-256, P-384, Ed25519 or RSA of 2048 to 4096 bits`,
    );
  }
  const { names, others } = namesOf(request, path);
  const extensions = request.extensions.filter(({ type }) => ![sanOid, basicConstraintsOid].includes(type));
  return {
    subject: request.subject,
    names,
    publicKey,
    dropped: [...others, ...extensions.map(({ type }) => wellKnown[type] ?? `extension ${type}`)],
  };
}

async function parse(pem: string, path: string): Promise<x509.Pkcs10CertificateRequest> {
  let request: x509.Pkcs10CertificateRequest;
  let genuine: boolean;
  try {
    if (!/-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(pem)) throw new TypeError('it holds no CERTIFICATE REQUEST');
    request = new x509.Pkcs10CertificateRequest(pem.replaceAll('NEW CERTIFICATE', 'CERTIFICATE'));
    genuine = await request.verify();
  } catch (error) {
    throw new CertificateError(
      'invalid_request',
      `${path} is no certificate request in PEM (${reasonOf(error)}): make one with csr or "openssl req -new".`,
      { cause: error },
    );
  }
  if (genuine) return request;
  throw refused(path, 'is not signed by the key in it, so whoever made it may not hold that key: make it anew');
}

function namesOf(request: x509.Pkcs10CertificateRequest, path: string) {
  const extension = request.getExtension(sanOid);
  if (extension === null) {
    throw refused(path, 'names no server: add subjectAltName, as clients no longer look at the common name');
  }
  const listed = AsnConvert.parse(extension.value, SubjectAlternativeName);
  const dnsNames = listed.flatMap(({ dNSName }) => dNSName ?? []);
  const ipAddresses = listed.flatMap(({ iPAddress }) => (iPAddress === undefined ? [] : normalizeIpAddress(iPAddress)));
  const rest = listed.length - dnsNames.length - ipAddresses.length;
  const others = rest === 0 ? [] : [`${rest} alternative names that are neither DNS name nor IP address`];
  return { names: normalizeNames(dnsNames, ipAddresses), others };
}

function isLongRsa(key: KeyObject): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return key.asymmetricKeyType === 'rsa' && bits >= 2048 && bits <= 4096;
}

function refused(path: string, problem: string): CertificateError {
  return new CertificateError('invalid_request', `The request ${path} ${problem}.`);
}
