import type { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commit } from '../directory/atomic-files.ts';
import { loadKey, loadRoot, pathsOf } from '../directory/authority-files.ts';
import { withDirectory } from '../directory/directory.ts';
import { signingIntermediate, signingRoot } from '../directory/material.ts';
import { lifetimesIn, readSettings } from '../directory/settings.ts';
import { CertificateError } from '../errors.ts';
import { crlNameOf, keyId } from '../x509/keys.ts';
import * as x509 from '../x509/library.ts';
import { crlFiles, type Revocation, readRevocations } from '../x509/revocation-list.ts';
import type { RevocationReason } from '../x509/revocation-reasons.ts';
import type { Identity } from '../x509/signing.ts';
import { isSignedBy } from '../x509/summary.ts';

export interface RevokeOptions {
  dir: string;
  /** The certificate, or the hexadecimal serial number of a certificate that the intermediate has signed. */
  certificate: X509Certificate | string;
  reason?: RevocationReason;
  /** Decrypts the root's key, which is needed to revoke the intermediate. */
  passphrase?: string | undefined;
  now?: Date;
}

/** Adds a certificate to its issuer's revocation list. Revoking it again changes nothing. */
export function revoke(options: RevokeOptions): Promise<Revocation> {
  const { certificate, now = new Date(), reason = 'unspecified' } = options;
  return withDirectory(options.dir, async (directory) => {
    const issuer = issuerOf(directory, certificate, options.passphrase);
    const serialNumber = serialOf(certificate);
    const issuerId = keyId(issuer.certificate);
    const known = readRevocations(directory).revocations.find(
      (one) => one.issuer === issuerId && one.serialNumber === serialNumber,
    );
    if (known !== undefined) return known;
    const added = { issuer: issuerId, serialNumber, revokedAt: now.toISOString(), reason };
    const lifetimes = lifetimesIn(readSettings(directory));
    commit(directory, await crlFiles(directory, [issuer], now, lifetimes, [added]));
    return added;
  });
}

/** The lists that were signed again, as file names. */
export type RefreshedCrls = string[];

/**
 * Signs the revocation lists past half of their lifetime again; with `force`, all whose keys are there. Does nothing in
 * a directory that neither names a place for lists nor has ever revoked anything.
 */
export function refreshCrls(options: {
  dir: string;
  force?: boolean;
  passphrase?: string | undefined;
  now?: Date;
}): Promise<RefreshedCrls> {
  const { now = new Date(), force = false, passphrase } = options;
  return withDirectory(options.dir, async (directory) => {
    const settings = readSettings(directory);
    const idle = settings.crlUrl === undefined && readRevocations(directory).lists === 0;
    if (idle && !force) return [];
    const root = loadRoot(directory);
    const rootKey = root && loadKey('root', directory, root);
    const issuers = [signingIntermediate(directory)];
    const canSignRoot = rootKey !== undefined && (rootKey !== 'encrypted' || passphrase !== undefined);
    if (root !== undefined && canSignRoot) issuers.push(signingRoot(directory, root, passphrase));
    const due = issuers.filter(({ certificate }) => force || crlIsDue(join(directory, crlNameOf(certificate)), now));
    if (due.length > 0) commit(directory, await crlFiles(directory, due, now, lifetimesIn(settings)));
    return due.map(({ certificate }) => crlNameOf(certificate));
  });
}

function crlIsDue(path: string, now: Date): boolean {
  if (!existsSync(path)) return true;
  const { thisUpdate, nextUpdate } = new x509.X509Crl(readFileSync(path));
  return nextUpdate === undefined || now.getTime() > (thisUpdate.getTime() + nextUpdate.getTime()) / 2;
}

function issuerOf(directory: string, certificate: X509Certificate | string, passphrase?: string): Identity {
  const intermediate = signingIntermediate(directory);
  if (typeof certificate === 'string' || isSignedBy(certificate, intermediate.certificate)) return intermediate;
  const root = loadRoot(directory)!;
  if (certificate.fingerprint256 === root.fingerprint256) {
    throw new CertificateError(
      'invalid_usage',
      'A root cannot be revoked, because no authority is above it: replace it with "npm run certs -- rollover".',
    );
  }
  if (isSignedBy(certificate, root)) return signingRoot(directory, root, passphrase);
  throw new CertificateError(
    'broken_chain',
    `Neither ${pathsOf(directory).intermediate} nor ${pathsOf(directory).root} has signed this certificate ` +
      '(its own intermediate may have been replaced: then revoke that intermediate).',
  );
}

function serialOf(certificate: X509Certificate | string): string {
  const text = typeof certificate === 'string' ? certificate.replaceAll(':', '') : certificate.serialNumber;
  if (!/^[0-9a-f]{2,40}$/i.test(text)) {
    throw new CertificateError(
      'invalid_usage',
      `"${text}" is neither a file nor a serial number: give the number in hexadecimal, as show prints it.`,
    );
  }
  return text.toUpperCase();
}
