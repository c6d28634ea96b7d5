import type { KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { CertificateError, reasonOf } from '../errors.ts';
import { printable } from '../printable.ts';
import { type CertificateDetails, detailsOf } from './details.ts';
import { namesNotPermitted } from './issuance.ts';
import { keyId, keyTypeOf } from './keys.ts';
import * as x509 from './library.ts';
import { browserLimit } from './lifetimes.ts';
import { parseSubjectAltName } from './names.ts';
import { isSignedBy, validityOf } from './summary.ts';

/** One present or coming problem. */
export interface Finding {
  /** An error makes clients refuse; a warning does not, or not yet. */
  level: 'error' | 'warning';
  code: string;
  /** The file or endpoint. */
  where: string;
  message: string;
}

export interface VerifyOptions {
  /** Leaf first, then what leads towards a root, in any order. */
  chain: readonly X509Certificate[];
  roots: readonly X509Certificate[];
  /** Of the leaf, when it is at hand. */
  key?: KeyObject | undefined;
  /** Names and addresses that clients will ask for. */
  names?: readonly string[];
  /** Revocation lists (DER) of the authorities. */
  crls?: readonly Uint8Array[];
  /** Requires a list for every authority, like `openssl verify -crl_check_all`. */
  requireCrls?: boolean;
  where: string;
  now?: Date;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** The objections of clients, and of browsers in particular; none when the chain is good. */
export function verifyChain(options: VerifyOptions): { path: CertificateDetails[]; findings: Finding[] } {
  const { chain, roots, where, now = new Date() } = options;
  const findings: Finding[] = [];
  const add = (level: Finding['level'], code: string, message: string) =>
    findings.push({ level, code, where, message: printable(message) });
  const error = (code: string, message: string) => add('error', code, message);
  const warn = (code: string, message: string) => add('warning', code, message);
  const leaf = chain[0];
  if (leaf === undefined)
    return {
      path: [],
      findings: [{ level: 'error', code: 'empty', where, message: 'There is no certificate.' }],
    };

  const path = buildPath(leaf, chain.slice(1), roots);
  const last = path.at(-1)!;
  if (!roots.some((root) => root.fingerprint256 === last.fingerprint256)) {
    error('untrusted', `"${nameOf(last)}" leads to no trusted root: its issuer is "${flat(last.issuer)}".`);
  }
  path.forEach((certificate, index) => {
    const issuer = path[index + 1];
    checkValidity(certificate, issuer, now, error, warn);
    checkStrength(certificate, error);
    if (index > 0) checkAuthority(certificate, index, leaf, error);
  });
  checkServer(leaf, options.names ?? [], error, warn);
  if (options.key !== undefined && !leaf.checkPrivateKey(options.key)) {
    error('key_mismatch', 'The private key does not belong to the certificate.');
  }
  checkRevocation(path, options, now, error);
  return { path: path.map(detailsOf), findings };
}

type Report = (code: string, message: string) => void;

/** From the leaf up, preferring a trusted root over any other certificate that fits. */
function buildPath(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): X509Certificate[] {
  const path = [leaf];
  for (;;) {
    const last = path.at(-1)!;
    if (roots.some((root) => root.fingerprint256 === last.fingerprint256)) return path;
    const next = [...roots, ...others].find(
      (one) => !path.some(({ fingerprint256 }) => fingerprint256 === one.fingerprint256) && isSignedBy(last, one),
    );
    if (next === undefined) return path;
    path.push(next);
  }
}

function checkValidity(
  certificate: X509Certificate,
  issuer: X509Certificate | undefined,
  now: Date,
  error: Report,
  warn: Report,
): void {
  const { notBefore, notAfter } = validityOf(certificate);
  const name = nameOf(certificate);
  if (now < notBefore) error('not_yet_valid', `"${name}" is valid only from ${notBefore.toISOString()}.`);
  if (now > notAfter) error('expired', `"${name}" expired on ${notAfter.toISOString()}.`);
  else if (notAfter.getTime() - now.getTime() < (notAfter.getTime() - notBefore.getTime()) / 10) {
    warn('expires_soon', `"${name}" expires on ${notAfter.toISOString()}: renew it.`);
  }
  if (issuer !== undefined && notAfter > validityOf(issuer).notAfter) {
    warn('outlives_issuer', `"${name}" ends after "${nameOf(issuer)}", which signed it.`);
  }
}

function checkStrength(certificate: X509Certificate, error: Report): void {
  const { signature, key } = detailsOf(certificate);
  const name = nameOf(certificate);
  const bits = certificate.publicKey.asymmetricKeyDetails?.modulusLength;
  const weak = bits === undefined ? keyTypeOf(certificate.publicKey) === undefined : bits < 2048;
  if (weak) error('weak_key', `"${name}" has a ${key} key, which clients refuse: use P-256.`);
  if (/sha-?1|md5/i.test(signature))
    error('weak_signature', `"${name}" is signed by ${signature}, which clients refuse.`);
}

function checkAuthority(certificate: X509Certificate, depth: number, leaf: X509Certificate, error: Report): void {
  const { authority, pathLength, usages } = detailsOf(certificate);
  const name = nameOf(certificate);
  if (!authority) return error('no_authority', `"${name}" signs certificates and is no authority.`);
  if (!usages.includes('keyCertSign'))
    error('no_authority', `The key usage of "${name}" does not allow signing certificates.`);
  // Between this one and the leaf lie the `depth - 1` authorities below it.
  if (pathLength !== undefined && depth - 1 > pathLength) {
    error('path_too_long', `"${name}" allows ${pathLength} authorities below it, and there are ${depth - 1}.`);
  }
  const outside = namesNotPermitted(certificate, parseSubjectAltName(leaf.subjectAltName));
  if (outside.length > 0) error('name_not_permitted', `"${name}" may not sign for ${outside.join(', ')}.`);
}

function checkServer(leaf: X509Certificate, names: readonly string[], error: Report, warn: Report): void {
  const { dnsNames, ipAddresses, usages, authority, key } = detailsOf(leaf);
  if (dnsNames.length + ipAddresses.length === 0) {
    error('no_names', 'The certificate has no subject alternative names, and clients ignore the common name.');
  }
  if (authority) error('is_authority', 'The certificate is that of an authority, not of a server.');
  if (!usages.includes('TLS server'))
    error('no_server_usage', 'The certificate is not for TLS servers (extended key usage).');
  for (const name of names) {
    const covered = isIP(name) === 0 ? leaf.checkHost(name, { subject: 'never' }) : leaf.checkIP(name);
    if (covered === undefined) error('name_not_covered', `The certificate is not for ${name}.`);
  }
  if (key === 'Ed25519') warn('browser_key', 'Browsers do not accept Ed25519 keys; programs do.');
  const { notBefore, notAfter } = validityOf(leaf);
  const [lifetime, limit] = [notAfter.getTime() + 1000 - notBefore.getTime(), browserLimit(notBefore)];
  if (lifetime > limit) {
    warn(
      'browser_lifetime',
      `The certificate lives for ${Math.ceil(lifetime / DAY_MS)} days; browsers accept at most ${limit / DAY_MS} from a public authority.`,
    );
  }
}

function checkRevocation(path: readonly X509Certificate[], options: VerifyOptions, now: Date, error: Report): void {
  const lists = (options.crls ?? []).map(parseCrl);
  for (const [index, certificate] of path.slice(0, -1).entries()) {
    const issuer = path[index + 1]!;
    const list = lists.find((one) => one.issuer === new x509.X509Certificate(issuer.raw).subject);
    if (list === undefined) {
      if (options.requireCrls)
        error('no_crl', `There is no revocation list of "${nameOf(issuer)}" (${keyId(issuer)}.crl).`);
      continue;
    }
    if (list.nextUpdate !== undefined && list.nextUpdate < now) {
      error(
        'crl_expired',
        `The revocation list of "${nameOf(issuer)}" should have been renewed by ${list.nextUpdate.toISOString()}.`,
      );
    }
    const entry = list.findRevoked(certificate.serialNumber.toLowerCase());
    if (entry !== null)
      error('revoked', `"${nameOf(certificate)}" was revoked on ${entry.revocationDate.toISOString()}.`);
  }
}

function parseCrl(der: Uint8Array): x509.X509Crl {
  try {
    return new x509.X509Crl(Uint8Array.from(der));
  } catch (error) {
    throw new CertificateError(
      'corrupt',
      `A revocation list is damaged (${reasonOf(error)}): sign it again with crl.`,
      {
        cause: error,
      },
    );
  }
}

function nameOf(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? flat(certificate.subject);
}

function flat(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}
