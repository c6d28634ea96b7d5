import type { X509Certificate } from 'node:crypto';
import { printable } from '../printable.ts';
import type { Role, Validity } from './lifetimes.ts';
import { parseSubjectAltName } from './names.ts';

export interface CertificateSummary {
  role: Role;
  path: string;
  subject: string;
  /** Hexadecimal, upper case. */
  serialNumber: string;
  /** ISO 8601. */
  notBefore: string;
  notAfter: string;
  sans: string[];
  /** Fingerprint of the whole certificate, colon-separated. */
  sha256: string;
}

export function summarize(role: Role, path: string, certificate: X509Certificate): CertificateSummary {
  const { notBefore, notAfter } = validityOf(certificate);
  const sans = parseSubjectAltName(certificate.subjectAltName);
  return {
    role,
    path,
    subject: subjectText(certificate),
    serialNumber: certificate.serialNumber.toUpperCase(),
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    sans: [...sans.dnsNames, ...sans.ipAddresses],
    sha256: certificate.fingerprint256,
  };
}

export function validityOf(certificate: X509Certificate): Validity {
  return { notBefore: certificate.validFromDate, notAfter: certificate.validToDate };
}

/** The subject on one line that is safe to print. */
export function subjectText(certificate: X509Certificate): string {
  // Public authorities leave the subject empty, so there may be no text.
  return printable(((certificate.subject as string | undefined) ?? '').split('\n').join(', '));
}

export function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
