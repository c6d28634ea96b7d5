import { type KeyObject, randomBytes, type webcrypto, X509Certificate } from 'node:crypto';
import { CertificateError } from '../errors.ts';
import { crlUrlOf, describeKey, keyTypeOf, signingAlgorithmOf } from './keys.ts';
import * as x509 from './library.ts';
import type { Validity } from './lifetimes.ts';
import type { Names } from './names.ts';

/** A certificate and the private key of its subject. */
export interface Identity {
  certificate: X509Certificate;
  key: KeyObject;
}

export interface CertificateRequest {
  subject: x509.JsonName | x509.Name;
  publicKey: KeyObject;
  validity: Validity;
  /** Besides the identifiers of subject and issuer key, which are always added. */
  extensions: x509.Extension[];
  /** The signing certificate authority; without one the certificate signs itself with `key`. */
  issuer?: Identity | undefined;
  key?: KeyObject;
}

const { KeyUsageFlags } = x509;

/** Signs anything it is given: the caller decides on policy. */
export async function signCertificate(request: CertificateRequest): Promise<X509Certificate> {
  const signer = request.issuer?.key ?? request.key;
  if (signer === undefined) throw new TypeError('a certificate is signed by its issuer or by its own key');
  const publicKey = spkiOf(request.publicKey);
  const identifiers: x509.Extension[] = [await x509.SubjectKeyIdentifierExtension.create(publicKey)];
  if (request.issuer !== undefined) identifiers.push(await issuerIdentifier(request.issuer.certificate));
  const { subject: name } = request;
  const subject = name instanceof x509.Name ? name : new x509.Name(name);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: request.issuer === undefined ? subject : subjectNameOf(request.issuer.certificate),
    ...request.validity,
    publicKey,
    ...signingKeyOf(signer),
    extensions: [...request.extensions, ...identifiers],
  });
  return new X509Certificate(Buffer.from(certificate.rawData));
}

/** The parameters with which the library signs by a key. Throws a CertificateError for a key it cannot sign with. */
export function signingKeyOf(key: KeyObject) {
  const type = keyTypeOf(key);
  if (type === undefined) {
    throw new CertificateError(
      'invalid_key_type',
      `A ${describeKey(key)} key cannot sign here: use an authority with another type of key.`,
    );
  }
  const signingAlgorithm = signingAlgorithmOf(type);
  return {
    signingAlgorithm,
    signingKey: key.toCryptoKey(signingAlgorithm, false, ['sign']) as webcrypto.CryptoKey,
  };
}

export function issuerIdentifier(issuer: X509Certificate): Promise<x509.Extension> {
  return x509.AuthorityKeyIdentifierExtension.create(spkiOf(issuer.publicKey));
}

/** The subject, byte for byte as in the certificate. */
export function subjectNameOf(certificate: X509Certificate): x509.Name {
  return new x509.X509Certificate(certificate.raw).subjectName;
}

/** Where clients that check for revocation find the list of this issuer, below `base`. */
export function crlExtension(base: string | undefined, issuer: X509Certificate): x509.Extension[] {
  return base === undefined ? [] : [new x509.CRLDistributionPointsExtension([crlUrlOf(base, issuer)])];
}

/** The extensions of a TLS server certificate for `names`. */
export function serverExtensions(names: Names): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    sanExtension(names),
  ];
}

export function sanExtension(names: Names): x509.Extension {
  return new x509.SubjectAlternativeNameExtension([
    ...names.dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...names.ipAddresses.map((value) => ({ type: 'ip' as const, value })),
  ]);
}

export function authorityExtensions(pathLength?: number): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(true, pathLength, true),
    new x509.KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ];
}

/** 128 random bits behind a first byte that makes the number positive and its length constant. */
function serialNumber(): string {
  return `01${randomBytes(16).toString('hex')}`;
}

function spkiOf(key: KeyObject): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(key.export({ type: 'spki', format: 'der' }));
}
