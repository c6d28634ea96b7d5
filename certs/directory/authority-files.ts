import type { KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateError, type CertificateErrorCode, hasCode } from '../errors.ts';
import type { Role } from '../x509/lifetimes.ts';
import { type PemContent, parsePem } from '../x509/pem.ts';
import { isSignedBy, validityOf } from '../x509/summary.ts';

export interface StoredLeaf {
  certificate: X509Certificate;
  issuer: X509Certificate;
  key: KeyObject;
  /** A cross-signed root that is served too, for clients that trust the previous root only. */
  cross?: X509Certificate;
}

export function pathsOf(directory: string) {
  const at = (name: string) => join(directory, name);
  return {
    root: at('root.pem'),
    rootKey: at('root.key'),
    intermediate: at('intermediate.pem'),
    intermediateKey: at('intermediate.key'),
    leaf: at('leaf.pem'),
    /** Every root that clients should trust. */
    trust: at('roots.pem'),
    /** During a rollover: the root that will issue next, or the one that issued before. */
    nextRoot: at('next-root.pem'),
    nextRootKey: at('next-root.key'),
    previousRoot: at('previous-root.pem'),
    previousRootKey: at('previous-root.key'),
    /** The next root, signed by the previous one. */
    cross: at('cross.pem'),
    /** Roots that clients must no longer trust. */
    retired: at('retired.pem'),
    /** The running edge that serves the leaf. */
    edge: at('edge.json'),
    /**
     * Accounts and orders of ACME, and answers to http-01 challenges: one file per token, while the challenge lasts.
     */
    acme: at('acme'),
    challenges: at('acme/challenges'),
  };
}

/*
 * Each loader returns undefined for a missing file, throws a CertificateError for a damaged one, and leaves dates to
 * its caller.
 */

export function loadRoot(directory: string): X509Certificate | undefined {
  const { root: path } = pathsOf(directory);
  const root = loadAuthority('root', directory, path);
  if (root !== undefined && !isSignedBy(root, root)) {
    throw fault('broken_chain', 'root', directory, `${path} is not a root that signed itself, or is damaged`);
  }
  return root;
}

export function loadIntermediate(directory: string, root: X509Certificate): X509Certificate | undefined {
  const { intermediate: path, root: rootPath } = pathsOf(directory);
  const intermediate = loadAuthority('intermediate', directory, path);
  if (intermediate !== undefined && !isSignedBy(intermediate, root)) {
    throw fault('broken_chain', 'intermediate', directory, `${path} is not signed by ${rootPath}, or is damaged`);
  }
  return intermediate;
}

/** The leaf with the intermediate it is served with. */
export function loadLeaf(directory: string): StoredLeaf | undefined {
  return loadLeafFile(directory, pathsOf(directory).leaf);
}

/** Like `loadLeaf`, for a file in any directory. */
export function loadLeafFile(directory: string, path: string): StoredLeaf | undefined {
  const bundle = readBundle('leaf', directory, path);
  if (bundle === undefined) return undefined;
  const [certificate, issuer, cross, ...others] = bundle.certificates;
  const [key] = bundle.keys;
  if (!certificate || !issuer || others.length > 0 || key === undefined || bundle.keys.length > 1) {
    throw fault('corrupt', 'leaf', directory, `${path} does not hold a leaf, its intermediate and one key`);
  }
  if (key === 'encrypted' || !certificate.checkPrivateKey(key)) {
    throw fault('key_mismatch', 'leaf', directory, `The key in ${path} does not belong to its certificate`);
  }
  if (!isSignedBy(certificate, issuer)) {
    throw fault('broken_chain', 'leaf', directory, `The leaf in ${path} is not signed by the intermediate next to it`);
  }
  if (cross !== undefined && !isSignedBy(issuer, cross)) {
    throw fault('broken_chain', 'leaf', directory, `The third certificate in ${path} did not sign the second`);
  }
  return { certificate, issuer, key, ...(cross === undefined ? {} : { cross }) };
}

/** A certificate alone in a file, from any authority. */
export function loadCertificate(role: Role, directory: string, path: string): X509Certificate | undefined {
  return loadAuthority(role, directory, path);
}

/** The roots that clients should trust: those in the trust bundle, or the root when there is none yet. */
export function loadTrust(directory: string): X509Certificate[] {
  const bundle = readBundle('root', directory, pathsOf(directory).trust);
  if (bundle !== undefined && bundle.certificates.length > 0) return bundle.certificates;
  // A directory from before there were bundles.
  const root = loadRoot(directory);
  return root === undefined ? [] : [root];
}

/** Roots that were replaced for good. */
export function loadRetired(directory: string): X509Certificate[] {
  return readBundle('root', directory, pathsOf(directory).retired)?.certificates ?? [];
}

/** The private key of `certificate`; 'encrypted' when reading it takes a passphrase. */
export function loadKey(
  role: 'root' | 'intermediate',
  directory: string,
  certificate: X509Certificate,
): KeyObject | 'encrypted' | undefined {
  const paths = pathsOf(directory);
  const keyPath = role === 'root' ? paths.rootKey : paths.intermediateKey;
  const bundle = readBundle(role, directory, keyPath);
  if (bundle === undefined) return undefined;
  const [key, ...others] = bundle.keys;
  if (key === undefined || others.length > 0) {
    throw fault('corrupt', role, directory, `${keyPath} does not hold exactly one private key`);
  }
  if (key !== 'encrypted' && !certificate.checkPrivateKey(key)) {
    throw fault('key_mismatch', role, directory, `The key in ${keyPath} does not belong to ${paths[role]}`);
  }
  return key;
}

/** An error in a role's file: what is wrong, and how to fix it. */
export function fault(
  code: CertificateErrorCode,
  role: Role,
  directory: string,
  problem: string,
  cause?: unknown,
): CertificateError {
  const paths = pathsOf(directory);
  const fix: Record<Role, string> = {
    root:
      `put back your copy of ${paths.root} and ${paths.rootKey}, or move ${directory} away; ` +
      'the next start then makes a new root, which has to be trusted again',
    intermediate:
      `put back your copy, or remove ${paths.intermediate} and ${paths.intermediateKey}; ` +
      'the next start then makes new ones with the root key',
    leaf: 'remove the file; the next start then makes a new leaf',
  };
  return new CertificateError(code, `${problem}: ${fix[role]}.`, { cause });
}

export function assertCurrent(directory: string, root: X509Certificate, now: Date): void {
  assertBegun('root', directory, root, now);
  const { notAfter } = validityOf(root);
  if (now <= notAfter) return;
  const problem = `The root ${pathsOf(directory).root} expired on ${notAfter.toISOString()}`;
  throw fault('expired', 'root', directory, problem);
}

export function assertBegun(role: Role, directory: string, certificate: X509Certificate, now: Date): void {
  const { notBefore } = validityOf(certificate);
  if (now >= notBefore) return;
  throw fault(
    'not_yet_valid',
    role,
    directory,
    `${pathsOf(directory)[role]} is valid only from ${notBefore.toISOString()}, and the clock says ` +
      `${now.toISOString()}; set the clock right, or when it is right`,
  );
}

function loadAuthority(role: Role, directory: string, path: string): X509Certificate | undefined {
  const bundle = readBundle(role, directory, path);
  if (bundle === undefined) return undefined;
  const [certificate, ...others] = bundle.certificates;
  if (certificate === undefined || others.length > 0 || bundle.keys.length > 0) {
    throw fault('corrupt', role, directory, `${path} does not hold exactly one certificate`);
  }
  if (!certificate.ca) {
    throw fault('corrupt', role, directory, `${path} is not the certificate of an authority`);
  }
  return certificate;
}

function readBundle(role: Role, directory: string, path: string): PemContent | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CertificateError('unreadable', `${path} cannot be read (${reason}): check what it is and who owns it.`, {
      cause: error,
    });
  }
  try {
    return parsePem(text);
  } catch (error) {
    throw fault('corrupt', role, directory, `${path} is damaged or not PEM`, error);
  }
}
