import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateError, hasCode } from './errors.ts';
import type { CertificateErrorCode } from './errors.ts';
import type { Role } from './lifetimes.ts';

export type StoredLeaf = { certificate: X509Certificate; issuer: X509Certificate };

type Bundle = { certificates: X509Certificate[]; keys: (KeyObject | 'encrypted')[] };

export function pathsOf(directory: string) {
  const at = (name: string) => join(directory, name);
  return {
    root: at('root.pem'),
    rootKey: at('root.key'),
    intermediate: at('intermediate.pem'),
    intermediateKey: at('intermediate.key'),
    leaf: at('leaf.pem'),
  };
}

/*
 * Each loader gives undefined for an absent file, throws a CertificateError for one that cannot be relied
 * on, and leaves the clock to its caller.
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
    throw fault(
      'broken_chain',
      'intermediate',
      directory,
      `${path} is not signed by ${rootPath}, or is damaged`,
    );
  }
  return intermediate;
}

/** The leaf with the intermediate it is served with. */
export function loadLeaf(directory: string): StoredLeaf | undefined {
  const { leaf: path } = pathsOf(directory);
  const bundle = readBundle('leaf', directory, path);
  if (bundle === undefined) return undefined;
  const [certificate, issuer, ...others] = bundle.certificates;
  const [key] = bundle.keys;
  if (!certificate || !issuer || others.length > 0 || key === undefined || bundle.keys.length > 1) {
    throw fault('corrupt', 'leaf', directory, `${path} does not hold a leaf, its intermediate and one key`);
  }
  if (key === 'encrypted' || !certificate.checkPrivateKey(key)) {
    throw fault('key_mismatch', 'leaf', directory, `The key in ${path} does not belong to its certificate`);
  }
  if (!isSignedBy(certificate, issuer)) {
    throw fault(
      'broken_chain',
      'leaf',
      directory,
      `The leaf in ${path} is not signed by the intermediate beside it`,
    );
  }
  return { certificate, issuer };
}

/** The private key of `certificate`; 'encrypted' when it takes a passphrase to read. */
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

/** An error of a role's file: what is wrong, and the mend. */
export function fault(
  code: CertificateErrorCode,
  role: Role,
  directory: string,
  problem: string,
  cause?: unknown,
): CertificateError {
  const paths = pathsOf(directory);
  const mend: Record<Role, string> = {
    root:
      `put back your copy of ${paths.root} and ${paths.rootKey}, or move ${directory} away; ` +
      'the next start then makes a new root, which has to be trusted anew',
    intermediate:
      `put back your copy, or remove ${paths.intermediate} and ${paths.intermediateKey}; ` +
      'the next start then makes new ones with the root key',
    leaf: 'remove the file; the next start then makes a new leaf',
  };
  return new CertificateError(code, `${problem}: ${mend[role]}.`, { cause });
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

function readBundle(role: Role, directory: string, path: string): Bundle | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CertificateError(
      'unreadable',
      `${path} cannot be read (${reason}): check what it is and who owns it.`,
      {
        cause: error,
      },
    );
  }
  const blocks = [...text.matchAll(/^-----BEGIN ([A-Z0-9 ]+)-----\r?$[^-]+^-----END \1-----\r?$/gm)];
  const markers = text.match(/-----(BEGIN|END)/g) ?? [];
  const corrupt = (cause?: unknown) =>
    fault('corrupt', role, directory, `${path} is damaged or not PEM`, cause);
  if (blocks.length === 0 || markers.length !== 2 * blocks.length) throw corrupt();
  const bundle: Bundle = { certificates: [], keys: [] };
  try {
    for (const [pem, label] of blocks) {
      if (label === 'CERTIFICATE') bundle.certificates.push(new X509Certificate(pem));
      else if (label === 'ENCRYPTED PRIVATE KEY') bundle.keys.push('encrypted');
      else bundle.keys.push(createPrivateKey(pem));
    }
  } catch (error) {
    throw corrupt(error);
  }
  return bundle;
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
