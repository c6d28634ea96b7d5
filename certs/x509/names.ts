import { isIP, isIPv4 } from 'node:net';
import { domainToASCII } from 'node:url';
import { CertificateError } from '../errors.ts';

/** Canonical names a certificate is for: lower-case DNS names and compressed IP addresses, no duplicates. */
export interface Names {
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
}

const hostname = /^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Throws a CertificateError that quotes the first name a certificate cannot hold. */
export function normalizeNames(dnsNames: readonly string[], ipAddresses: readonly string[]): Names {
  const names = {
    dnsNames: [...new Set(dnsNames.map(normalizeDnsName))],
    ipAddresses: [...new Set(ipAddresses.map(normalizeIpAddress))],
  };
  if (names.dnsNames.length + names.ipAddresses.length === 0) {
    throw new CertificateError('invalid_name', 'A certificate needs a name: give at least one DNS name or IP address.');
  }
  return names;
}

function normalizeDnsName(name: string): string {
  const lower = name.toLowerCase().replace(/\.$/, '');
  const ascii = /^[\x20-\x7e]*$/.test(lower) ? lower : domainToASCII(lower);
  if (isIP(ascii) !== 0) {
    throw new CertificateError('invalid_name', `"${name}" is an IP address: list it with the IP addresses.`);
  }
  if (ascii.length > 253 || !hostname.test(ascii)) {
    throw new CertificateError('invalid_name', `"${name}" is not a DNS name: use letters, digits, hyphens and dots.`);
  }
  return ascii;
}

export function normalizeIpAddress(address: string): string {
  if (isIPv4(address)) return address;
  if (isIP(address) === 0 || address.includes('%')) {
    throw new CertificateError(
      'invalid_name',
      `"${address}" is not an IP address: write it like 192.0.2.1 or 2001:db8::1, without a zone.`,
    );
  }
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** The names in OpenSSL's one-line form of the extension, as node:crypto gives it. */
export function parseSubjectAltName(text: string | undefined): Names {
  const entries = text?.split(', ') ?? [];
  const values = (prefix: string) =>
    entries.filter((entry) => entry.startsWith(prefix)).map((entry) => entry.slice(prefix.length));
  return {
    dnsNames: values('DNS:').map((name) => name.toLowerCase()),
    ipAddresses: values('IP Address:').map((ip) => (isIP(ip) === 0 ? ip : normalizeIpAddress(ip))),
  };
}

export function covers(have: Names, wanted: Names): boolean {
  return (
    wanted.dnsNames.every((name) => have.dnsNames.includes(name)) &&
    wanted.ipAddresses.every((ip) => have.ipAddresses.includes(ip))
  );
}
