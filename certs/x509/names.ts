import { isIP, isIPv4 } from 'node:net';
import { domainToASCII, domainToUnicode } from 'node:url';
import { CertificateError } from '../errors.ts';
import { printable } from '../printable.ts';

/** Canonical names a certificate is for: lower-case DNS names and compressed IP addresses, no duplicates. */
export interface Names {
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
}

const HOST_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

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
  const wildcard = lower.startsWith('*.') ? '*.' : '';
  const host = lower.slice(wildcard.length);
  const ascii = toAscii(host);
  if (isIP(ascii) !== 0) {
    throw new CertificateError('invalid_name', `"${name}" is an IP address: list it with the IP addresses.`);
  }
  if (!HOST_NAME.test(ascii) || wildcard.length + ascii.length > 253 || /(^|\.)\d+$/.test(ascii)) {
    throw new CertificateError('invalid_name', `"${name}" is not a DNS name: use letters, digits, hyphens and dots.`);
  }
  if (ascii !== host && domainToUnicode(ascii) !== host.normalize('NFC')) {
    throw new CertificateError(
      'invalid_name',
      `"${name}" has letters that a DNS name does not keep, and would be read as ${domainToUnicode(ascii)}: write that.`,
    );
  }
  return wildcard + ascii;
}

/** The name with its international labels as `xn--`; empty when a label has no such form. */
function toAscii(host: string): string {
  // The conversion to ASCII drops characters that are not letters or reads them as dots, so they are refused first.
  const isPlain = /^[a-z0-9.-]*$/.test(host);
  if (isPlain && !/(^|\.)xn--/.test(host)) return host;
  const others = /^[a-z0-9.\u0080-\u{10ffff}-]*$/u;
  return others.test(host) ? domainToASCII(host) : '';
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

/**
 * The names in OpenSSL's one-line form of the extension, as node:crypto returns it. That form quotes a value with a
 * comma or a control character like a JSON string, and this authority never makes such a name.
 */
export function parseSubjectAltName(text: string | undefined): Names {
  const entries = [...(text ?? '').matchAll(/(?:^|, )([^:,]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)];
  const values = (kind: string) =>
    entries.filter(([, found]) => found === kind).map(([, , value = '']) => printable(value));
  return {
    dnsNames: values('DNS').map((name) => name.toLowerCase()),
    ipAddresses: values('IP Address').map((ip) => (isIP(ip) === 0 ? ip : normalizeIpAddress(ip))),
  };
}

export function covers(have: Names, wanted: Names): boolean {
  return (
    wanted.dnsNames.every((name) => have.dnsNames.includes(name)) &&
    wanted.ipAddresses.every((ip) => have.ipAddresses.includes(ip))
  );
}
