import { existsSync } from 'node:fs';
import { commit, type StoredFile } from '../directory/atomic-files.ts';
import {
  assertCurrent,
  loadIntermediate,
  loadLeaf,
  loadRoot,
  loadTrust,
  pathsOf,
} from '../directory/authority-files.ts';
import { withDirectory } from '../directory/directory.ts';
import {
  authorityFiles,
  leafPem,
  servedCrossCertificate,
  signingIntermediate,
  signingRoot,
} from '../directory/material.ts';
import { lifetimesIn, readSettings } from '../directory/settings.ts';
import { CertificateError } from '../errors.ts';
import { type KeyType, keyTypeOf } from '../x509/keys.ts';
import { parseSubjectAltName } from '../x509/names.ts';
import type { Identity } from '../x509/signing.ts';
import { type CertificateSummary, summarize } from '../x509/summary.ts';
import { apply, type EdgeOutcome, reconcile } from './change.ts';
import { assertSigning } from './issue.ts';

export interface RotateOptions {
  dir: string;
  /** A new intermediate comes with a new leaf, if the directory has a leaf. */
  role: 'leaf' | 'intermediate';
  /** The type of the new key; that of its predecessor by default. */
  keyType?: KeyType | undefined;
  /** Decrypts the root's key, for a new intermediate. */
  passphrase?: string | undefined;
  now?: Date;
  lockTimeoutMs?: number;
}

export interface Rotation {
  edge: EdgeOutcome;
  certificates: CertificateSummary[];
}

/**
 * Makes a new key and certificate for the leaf, or for intermediate and leaf. They go into the running edge first, and
 * to disk once a fresh handshake has shown that clients accept them. Otherwise nothing changes.
 */
export function rotate(options: RotateOptions): Promise<Rotation> {
  return withDirectory(options.dir, (directory) => rotateIn(directory, options), options.lockTimeoutMs);
}

/** Like `rotate`, for a caller that holds the lock of the directory. */
export async function rotateIn(directory: string, options: Omit<RotateOptions, 'dir'>): Promise<Rotation> {
  const { now = new Date(), role, passphrase } = options;
  const paths = pathsOf(directory);
  const stored = loadLeaf(directory);
  // An authority without a cluster has no leaf, and still needs a new intermediate from time to time.
  const isWithoutCluster = role === 'intermediate' && existsSync(paths.root) && existsSync(paths.intermediate);
  if (stored === undefined && !isWithoutCluster) {
    throw new CertificateError('incomplete', `${paths.leaf} is missing: start the cluster once, which makes it.`);
  }
  const roots = loadTrust(directory);
  const authority = await import('../x509/issuance.ts');
  const settings = readSettings(directory);
  const lifetimes = lifetimesIn(settings);
  const keyType = (predecessor: Pick<Identity, 'key'> | undefined) =>
    options.keyType ?? (predecessor && keyTypeOf(predecessor.key)) ?? settings.keyType;
  const issue = { now, lifetimes, crlUrl: settings.crlUrl };

  const files: StoredFile[] = [];
  const made: CertificateSummary[] = [];
  let intermediate: Identity;
  if (role === 'intermediate') {
    const rootCertificate = loadRoot(directory)!;
    assertCurrent(directory, rootCertificate, now);
    const root = signingRoot(directory, rootCertificate, passphrase);
    const previous = loadIntermediate(directory, rootCertificate);
    const names = parseSubjectAltName(stored?.certificate.subjectAltName);
    const permitted = (previous && authority.constraintsOf(previous)) ?? names;
    const type = options.keyType ?? (previous && keyTypeOf(previous.publicKey)) ?? settings.keyType;
    intermediate = await authority.issueIntermediate(root, permitted, { ...issue, keyType: type });
    files.push(...authorityFiles('intermediate', intermediate));
    if (settings.crlUrl !== undefined) {
      const { crlFiles } = await import('../x509/revocation-list.ts');
      files.push(...(await crlFiles(directory, [root, intermediate], now, lifetimes)));
    }
    made.push(summarize('intermediate', paths.intermediate, intermediate.certificate));
  } else {
    intermediate = signingIntermediate(directory);
    assertSigning(directory, intermediate.certificate, now);
  }

  if (stored === undefined) {
    commit(directory, files);
    return { edge: 'none', certificates: made };
  }
  const names = parseSubjectAltName(stored.certificate.subjectAltName);
  const leaf = await authority.issueLeaf(intermediate, names, { ...issue, keyType: keyType(stored) });
  const cross = servedCrossCertificate(directory);
  const pem = leafPem(leaf, intermediate.certificate, ...(cross ? [cross] : []));
  made.push(summarize('leaf', paths.leaf, leaf.certificate));
  const edge = await apply(directory, { files, leaf: { pem, leaf: leaf.certificate }, roots });
  return { edge, certificates: made };
}

/** Makes the running edge serve the leaf that is on disk. Resolves with true when it served another one. */
export function syncEdge(dir: string): Promise<boolean> {
  return withDirectory(dir, (directory) => reconcile(directory, loadTrust(directory)));
}
