import { type KeyObject, randomBytes, type X509Certificate } from 'node:crypto';
import { CertificateError } from '../errors.ts';
import { DEFAULT_KEY_TYPE, generateKeyPair, type KeyType } from './keys.ts';
import * as x509 from './library.ts';
import { lifetimes as defaultLifetimes, type Lifetimes, validityFrom } from './lifetimes.ts';
import { encodeNameConstraints, NAME_CONSTRAINTS_OID, namesOutside } from './name-constraints.ts';
import type { Names } from './names.ts';
import {
  authorityExtensions,
  crlExtension,
  type Identity,
  serverExtensions,
  signCertificate,
  subjectNameOf,
} from './signing.ts';
import { validityOf } from './summary.ts';

export interface IssueOptions {
  now: Date;
  lifetimes?: Lifetimes | undefined;
  keyType?: KeyType | undefined;
  /** Base of the addresses at which revocation lists are served. */
  crlUrl?: string | undefined;
}

/** The properties of a leaf other than its names. */
export type LeafOptions = IssueOptions & {
  /** Milliseconds; the lifetime of a leaf by default. The caller has capped it. */
  duration?: number | undefined;
};

const ORGANIZATION = 'Gridlock';

/** A new self-signed root. */
export async function createRoot(options: IssueOptions): Promise<Identity> {
  const { now, lifetimes = defaultLifetimes } = options;
  const { publicKey, privateKey: key } = generateKeyPair(options.keyType ?? DEFAULT_KEY_TYPE);
  const certificate = await signCertificate({
    subject: subjectOf(`${ORGANIZATION} root ${shortId()}`),
    publicKey,
    key,
    validity: validityFrom(now, lifetimes.root.duration),
    extensions: authorityExtensions(),
  });
  return { certificate, key };
}

/**
 * A new intermediate that can sign leaves only, and only for `permitted`: names and what is below them, or
 * the constraints of an earlier intermediate (DER).
 */
export async function issueIntermediate(
  issuer: Identity,
  permitted: Names | ArrayBuffer,
  options: IssueOptions,
): Promise<Identity> {
  const { now, lifetimes = defaultLifetimes } = options;
  const { publicKey, privateKey: key } = generateKeyPair(options.keyType ?? DEFAULT_KEY_TYPE);
  const der = permitted instanceof ArrayBuffer ? permitted : encodeNameConstraints(permitted);
  const certificate = await signCertificate({
    subject: subjectOf(`${ORGANIZATION} intermediate ${shortId()}`),
    publicKey,
    issuer,
    validity: validityFrom(now, lifetimes.intermediate.duration, validityOf(issuer.certificate)),
    extensions: [
      ...authorityExtensions(0),
      new x509.Extension(NAME_CONSTRAINTS_OID, true, der),
      ...crlExtension(options.crlUrl, issuer.certificate),
    ],
  });
  return { certificate, key };
}

/** `root`, signed by `issuer` as well: a client that trusts only the issuer accepts what the root signs. */
export function crossSign(root: X509Certificate, issuer: Identity, now: Date): Promise<X509Certificate> {
  const { notAfter } = validityOf(root);
  return signCertificate({
    subject: subjectNameOf(root),
    publicKey: root.publicKey,
    issuer,
    validity: validityFrom(now, notAfter.getTime() - now.getTime(), validityOf(issuer.certificate)),
    extensions: authorityExtensions(),
  });
}

/** A new server certificate. Throws a CertificateError for a name outside the issuer's name constraints. */
export async function issueLeaf(issuer: Identity, names: Names, options: LeafOptions): Promise<Identity> {
  const { publicKey, privateKey: key } = generateKeyPair(options.keyType ?? DEFAULT_KEY_TYPE);
  const certificate = await certifyLeaf(issuer, names, publicKey, options);
  return { certificate, key };
}

/** A server certificate for a key that somebody else holds. Throws as `issueLeaf` does. */
export async function certifyLeaf(
  issuer: Identity,
  names: Names,
  publicKey: KeyObject,
  options: LeafOptions,
): Promise<X509Certificate> {
  const { now, lifetimes = defaultLifetimes, duration = lifetimes.leaf.duration } = options;
  const outside = namesNotPermitted(issuer.certificate, names);
  if (outside.length > 0) {
    throw new CertificateError(
      'name_not_permitted',
      `The intermediate may not sign for ${outside.join(', ')}: first make an intermediate that permits it.`,
    );
  }
  return signCertificate({
    subject: subjectOf(commonNameOf(names)),
    publicKey,
    issuer,
    validity: validityFrom(now, duration, validityOf(issuer.certificate)),
    extensions: [...serverExtensions(names), ...crlExtension(options.crlUrl, issuer.certificate)],
  });
}

/** The names that the name constraints of `certificate` do not permit; none when it has no constraints. */
export function namesNotPermitted(certificate: X509Certificate, names: Names): string[] {
  const constraints = constraintsOf(certificate);
  return constraints === undefined ? [] : namesOutside(constraints, names);
}

/** DER of the name constraints. */
export function constraintsOf(certificate: X509Certificate): ArrayBuffer | undefined {
  return new x509.X509Certificate(certificate.raw).getExtension(NAME_CONSTRAINTS_OID)?.value;
}

function subjectOf(commonName: string): x509.JsonName {
  return [{ O: [ORGANIZATION] }, { CN: [commonName] }];
}

function commonNameOf(names: Names): string {
  // Not an IP address: OpenSSL takes a common name with dots for a DNS name, and the constraints forbid it.
  return names.dnsNames.find((name) => name.length <= 64) ?? `${ORGANIZATION} edge`;
}

/** Keeps the roots of several authorities apart in a trust store. */
function shortId(): string {
  return randomBytes(4).toString('hex');
}
