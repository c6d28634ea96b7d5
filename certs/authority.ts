import { X509Certificate, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject, webcrypto } from 'node:crypto';
// The library asks for the polyfill before its own first line.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { encodeNameConstraints, nameConstraintsOid, namesOutside } from './constraints.ts';
import { CertificateError } from './errors.ts';
import { lifetimes as defaultLifetimes, validityFrom } from './lifetimes.ts';
import type { Lifetimes, Validity } from './lifetimes.ts';
import type { Names } from './names.ts';
import { validityOf } from './summary.ts';

/** A certificate and the private key of its subject. */
export type Identity = { certificate: X509Certificate; key: KeyObject };
export type IssueOptions = { now: Date; lifetimes?: Lifetimes | undefined };

export type CertificateRequest = {
  subject: x509.JsonName;
  publicKey: KeyObject;
  validity: Validity;
  /** Beside the identifiers of subject and issuer key, which are always added. */
  extensions: x509.Extension[];
  /** The signing certificate authority; without one the certificate signs itself with `key`. */
  issuer?: Identity | undefined;
  key?: KeyObject;
};

const { KeyUsageFlags } = x509;
const organization = 'Gridlock';

/** A new self-signed root. */
export async function createRoot({ now, lifetimes = defaultLifetimes }: IssueOptions): Promise<Identity> {
  const { publicKey, privateKey: key } = generateKeyPair();
  const certificate = await signCertificate({
    subject: subjectOf(`${organization} root ${shortId()}`),
    publicKey,
    key,
    validity: validityFrom(now, lifetimes.root.duration),
    extensions: authorityExtensions(),
  });
  return { certificate, key };
}

/** A new intermediate that can sign leaves only, and only for `names` and what is below them. */
export async function issueIntermediate(
  issuer: Identity,
  names: Names,
  { now, lifetimes = defaultLifetimes }: IssueOptions,
): Promise<Identity> {
  const { publicKey, privateKey: key } = generateKeyPair();
  const constraints = new x509.Extension(nameConstraintsOid, true, encodeNameConstraints(names));
  const certificate = await signCertificate({
    subject: subjectOf(`${organization} intermediate ${shortId()}`),
    publicKey,
    issuer,
    validity: validityFrom(now, lifetimes.intermediate.duration, validityOf(issuer.certificate)),
    extensions: [...authorityExtensions(0), constraints],
  });
  return { certificate, key };
}

/** A new server certificate. Throws a CertificateError for a name outside the issuer's name constraints. */
export async function issueLeaf(
  issuer: Identity,
  names: Names,
  { now, lifetimes = defaultLifetimes }: IssueOptions,
): Promise<Identity> {
  const outside = namesNotPermitted(issuer.certificate, names);
  if (outside.length > 0) {
    throw new CertificateError(
      'name_not_permitted',
      `The intermediate may not sign for ${outside.join(', ')}: first make an intermediate that permits it.`,
    );
  }
  const { publicKey, privateKey: key } = generateKeyPair();
  const certificate = await signCertificate({
    subject: subjectOf(commonNameOf(names)),
    publicKey,
    issuer,
    validity: validityFrom(now, lifetimes.leaf.duration, validityOf(issuer.certificate)),
    extensions: serverExtensions(names),
  });
  return { certificate, key };
}

/** The names that the name constraints of `certificate` do not permit; none when it has no constraints. */
export function namesNotPermitted(certificate: X509Certificate, names: Names): string[] {
  const extension = new x509.X509Certificate(certificate.raw).getExtension(nameConstraintsOid);
  return extension === null ? [] : namesOutside(extension.value, names);
}

/** Signs what it is given: policy is the caller's. */
export async function signCertificate(request: CertificateRequest): Promise<X509Certificate> {
  const signer = request.issuer?.key ?? request.key;
  if (signer === undefined) throw new TypeError('a certificate is signed by its issuer or by its own key');
  const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const publicKey = spkiOf(request.publicKey);
  const identifiers: x509.Extension[] = [await x509.SubjectKeyIdentifierExtension.create(publicKey)];
  if (request.issuer !== undefined) {
    const issuerKey = spkiOf(request.issuer.certificate.publicKey);
    identifiers.push(await x509.AuthorityKeyIdentifierExtension.create(issuerKey));
  }
  const subject = new x509.Name(request.subject);
  const issuer = request.issuer && new x509.X509Certificate(request.issuer.certificate.raw).subjectName;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: issuer ?? subject,
    ...request.validity,
    publicKey,
    signingKey: signer.toCryptoKey(ecdsa, false, ['sign']) as webcrypto.CryptoKey,
    signingAlgorithm: ecdsa,
    extensions: [...request.extensions, ...identifiers],
  });
  return new X509Certificate(Buffer.from(certificate.rawData));
}

/** The extensions of a TLS server certificate for `names`. */
export function serverExtensions(names: Names): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension([
      ...names.dnsNames.map((value) => ({ type: 'dns' as const, value })),
      ...names.ipAddresses.map((value) => ({ type: 'ip' as const, value })),
    ]),
  ];
}

function authorityExtensions(pathLength?: number): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(true, pathLength, true),
    new x509.KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ];
}

function generateKeyPair(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function subjectOf(commonName: string): x509.JsonName {
  return [{ O: [organization] }, { CN: [commonName] }];
}

function commonNameOf(names: Names): string {
  // Not an IP address: OpenSSL takes a common name with dots for a DNS name, and the constraints forbid it.
  return names.dnsNames.find((name) => name.length <= 64) ?? `${organization} edge`;
}

/** Keeps the roots of several authorities apart in a trust store. */
function shortId(): string {
  return randomBytes(4).toString('hex');
}

/** 128 random bits behind a first byte that makes the number positive and its length constant. */
function serialNumber(): string {
  return `01${randomBytes(16).toString('hex')}`;
}

function spkiOf(key: KeyObject): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(key.export({ type: 'spki', format: 'der' }));
}
