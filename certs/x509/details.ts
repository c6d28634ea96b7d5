import type { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { NameConstraints } from '@peculiar/asn1-x509';
import { printable } from '../printable.ts';
import { describeKey, keyId } from './keys.ts';
import * as x509 from './library.ts';
import { NAME_CONSTRAINTS_OID } from './name-constraints.ts';
import { parseSubjectAltName } from './names.ts';
import { validityOf } from './summary.ts';

/** A certificate as a person reads it. */
export interface CertificateDetails {
  subject: string;
  issuer: string;
  /** Hexadecimal, upper case. */
  serialNumber: string;
  /** ISO 8601. */
  notBefore: string;
  notAfter: string;
  /** As `P-256` or `RSA-2048`. */
  key: string;
  /** Name of the key in files and addresses of revocation lists. */
  keyId: string;
  /** As `ECDSA with SHA-256`. */
  signature: string;
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
  authority: boolean;
  /** How many authorities may follow below this one; undefined for any number. */
  pathLength?: number;
  permitted?: string[];
  excluded?: string[];
  usages: string[];
  crlUrls: string[];
  sha256: string;
  sha1: string;
}

const purposes: Record<string, string> = {
  '1.3.6.1.5.5.7.3.1': 'TLS server',
  '1.3.6.1.5.5.7.3.2': 'TLS client',
};

export function detailsOf(certificate: X509Certificate): CertificateDetails {
  const parsed = new x509.X509Certificate(certificate.raw);
  const { notBefore, notAfter } = validityOf(certificate);
  const constraints = parsed.getExtension(x509.BasicConstraintsExtension);
  const points = parsed.getExtension(x509.CRLDistributionPointsExtension)?.distributionPoints ?? [];
  return {
    subject: printable(parsed.subject),
    issuer: printable(parsed.issuer),
    serialNumber: certificate.serialNumber.toUpperCase(),
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    key: describeKey(certificate.publicKey),
    keyId: keyId(certificate),
    signature: signatureOf(parsed),
    ...parseSubjectAltName(certificate.subjectAltName),
    authority: certificate.ca,
    ...(constraints?.pathLength === undefined ? {} : { pathLength: constraints.pathLength }),
    ...permittedNames(parsed),
    usages: usagesOf(parsed),
    crlUrls: points.flatMap((point) =>
      (point.distributionPoint?.fullName ?? []).flatMap((name) => name.uniformResourceIdentifier ?? []),
    ),
    sha256: certificate.fingerprint256,
    sha1: certificate.fingerprint,
  };
}

export function signatureOf(certificate: x509.X509Certificate): string {
  const { name, hash } = certificate.signatureAlgorithm as { name: string; hash?: { name: string } | string };
  const digest = typeof hash === 'string' ? hash : hash?.name;
  return digest === undefined ? name : `${name} with ${digest}`;
}

function usagesOf(certificate: x509.X509Certificate): string[] {
  const extended = certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages ?? [];
  const flags = certificate.getExtension(x509.KeyUsagesExtension)?.usages ?? 0;
  const usages = Object.entries(x509.KeyUsageFlags)
    .filter((entry): entry is [string, x509.KeyUsageFlags] => typeof entry[1] === 'number')
    .filter(([, flag]) => (flags & flag) !== 0)
    .map(([name]) => name);
  return [...usages, ...extended.map((oid) => purposes[String(oid)] ?? String(oid))];
}

function permittedNames(certificate: x509.X509Certificate): { permitted?: string[]; excluded?: string[] } {
  const extension = certificate.getExtension(NAME_CONSTRAINTS_OID);
  if (extension === null) return {};
  const { permittedSubtrees, excludedSubtrees } = AsnConvert.parse(extension.value, NameConstraints);
  const list = (subtrees: typeof permittedSubtrees) =>
    subtrees?.map(({ base }) => printable(base.dNSName ?? base.iPAddress ?? 'another kind of name')) ?? [];
  const all = (name: string) => (name === '' ? 'every DNS name' : name);
  return { permitted: list(permittedSubtrees).map(all), excluded: list(excludedSubtrees).map(all) };
}
