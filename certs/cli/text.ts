import type { EdgeOutcome } from '../lifecycle/change.ts';
import { printable } from '../printable.ts';
import type { CertificateDetails } from '../x509/details.ts';
import type { CertificateSummary } from '../x509/summary.ts';
import type { Finding } from '../x509/verify.ts';
import type { Output } from './output.ts';

/** Rows of equal width, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => printable(cell).padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function summaryText(certificates: readonly CertificateSummary[]): string {
  return table(
    certificates.map(({ role, subject, notAfter, path }) => [role, subject, `until ${notAfter.slice(0, 16)}Z`, path]),
  );
}

export function detailsText(details: CertificateDetails): string {
  const line = (name: string, value: string | undefined) => (value ? [[name, value] as const] : []);
  const names = [...details.dnsNames, ...details.ipAddresses];
  return table([
    ...line('subject', details.subject),
    ...line('issuer', details.issuer),
    ...line('valid', `${details.notBefore} to ${details.notAfter}`),
    ...line('serial number', details.serialNumber),
    ...line('key', `${details.key}, id ${details.keyId}`),
    ...line('signature', details.signature),
    ...line('names', names.join(', ')),
    ...line('authority', details.authority ? `yes, ${details.pathLength ?? 'any number of'} below it` : undefined),
    ...line('permitted', details.permitted?.join(', ')),
    ...line('excluded', details.excluded?.join(', ')),
    ...line('usages', details.usages.join(', ')),
    ...line('revocation', details.crlUrls.join(', ')),
    ...line('SHA-256', details.sha256),
    ...line('SHA-1', details.sha1),
  ]);
}

export function findingsText(findings: readonly Finding[]): string {
  return findings.map(({ level, where, message }) => printable(`${level.padEnd(7)}  ${where}: ${message}`)).join('\n');
}

/** Warns that a certificate lives for less than was requested. */
export function capped(output: Output, shortenedFrom: number | undefined): void {
  if (shortenedFrom === undefined) return;
  const days = shortenedFrom / 86_400_000;
  output.warn(
    `${days} days are more than this authority allows: a leaf must not outlive its intermediate, see init --leaf-days.`,
  );
}

export function edgeText(edge: EdgeOutcome): string {
  return {
    updated: 'The edge serves it.',
    'not running': 'The edge is not running; it will read the file when it starts.',
    none: 'No known edge serves it.',
  }[edge];
}
