import type { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { commit, type StoredFile } from '../directory/atomic-files.ts';
import {
  assertBegun,
  assertCurrent,
  fault,
  loadCertificate,
  loadIntermediate,
  loadKey,
  loadLeaf,
  loadRoot,
  pathsOf,
  type StoredLeaf,
} from '../directory/authority-files.ts';
import { withDirectory } from '../directory/directory.ts';
import {
  authorityFiles,
  identityOf,
  leafPem,
  servedCrossCertificate,
  signingRoot,
  trustBundle,
} from '../directory/material.ts';
import { closeDirectory } from '../directory/output-file.ts';
import { lifetimesIn, readSettings, requireCrlUrl, type Settings, settingsFile } from '../directory/settings.ts';
import { CertificateError } from '../errors.ts';
import { type KeyType, keyTypeOf } from '../x509/keys.ts';
import { isDue, type Lifetimes, type Role } from '../x509/lifetimes.ts';
import { covers, type Names, normalizeNames, parseSubjectAltName } from '../x509/names.ts';
import type { Identity } from '../x509/signing.ts';
import { type CertificateSummary, summarize, validityOf } from '../x509/summary.ts';

export interface Chain {
  rootPath: string;
  /** Every root that clients should trust: two while the root is being rolled over. */
  trustPath: string;
  intermediatePath: string;
  /** Leaf, intermediate and key in one file, as HAProxy reads it. */
  leafPath: string;
  /** Root, intermediate, leaf. */
  certificates: CertificateSummary[];
  /** What this call made. */
  changed: Role[];
}

export interface ChainOptions {
  dir: string;
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
  now?: Date;
  lifetimes?: Lifetimes;
  /** The type of keys that have no predecessor; ECDSA P-256 unless the directory's settings say otherwise. */
  keyType?: KeyType;
  /** Where revocation lists are served; remembered in the directory. */
  crlUrl?: string;
  /** Decrypts the root's key, or encrypts that of a new root. */
  passphrase?: string | undefined;
  /** Milliseconds to wait for another process that works on the same directory. */
  lockTimeoutMs?: number;
}

interface Kept {
  root?: X509Certificate;
  intermediate?: X509Certificate;
  leaf?: StoredLeaf;
}
interface Wanted {
  directory: string;
  names: Names;
  now: Date;
  lifetimes: Lifetimes;
}

type Context = Wanted & { settings: Settings; keyType: KeyType | undefined; passphrase: string | undefined };

/**
 * Makes each certificate that is missing, expired, due for renewal or does not cover the names, and keeps the rest. A
 * root is never replaced. Throws a CertificateError for damaged files.
 */
export async function ensureChain(options: ChainOptions): Promise<Chain> {
  const names = normalizeNames(options.dnsNames, options.ipAddresses);
  const crlUrl = options.crlUrl === undefined ? undefined : requireCrlUrl(options.crlUrl);
  return withDirectory(
    options.dir,
    async (directory) => {
      const stored = readSettings(directory);
      const settings = crlUrl === undefined ? stored : { ...stored, crlUrl };
      const changed = await renew({
        directory,
        names,
        now: options.now ?? new Date(),
        lifetimes: options.lifetimes ?? lifetimesIn(settings),
        settings,
        keyType: options.keyType ?? settings.keyType,
        passphrase: options.passphrase,
      });
      if (settings.crlUrl !== stored.crlUrl) commit(directory, [settingsFile(settings)]);
      restoreTrust(directory);
      return { ...readChain(directory), changed };
    },
    options.lockTimeoutMs,
  );
}

/** The chain on disk, due for renewal or not. Throws a CertificateError for missing or damaged files. */
export function readChain(dir: string): Chain {
  const directory = resolve(dir);
  const paths = pathsOf(directory);
  const root = loadRoot(directory) ?? absent(paths.root);
  const intermediate = loadIntermediate(directory, root) ?? absent(paths.intermediate);
  const leaf = loadLeaf(directory) ?? absent(paths.leaf);
  return {
    rootPath: paths.root,
    trustPath: paths.trust,
    intermediatePath: paths.intermediate,
    leafPath: paths.leaf,
    certificates: [
      summarize('root', paths.root, root),
      summarize('intermediate', paths.intermediate, intermediate),
      summarize('leaf', paths.leaf, leaf.certificate),
    ],
    changed: [],
  };
}

async function renew(context: Context): Promise<Role[]> {
  const stored = inspect(context);
  if (stored.intermediate !== undefined && stored.leaf !== undefined) return [];

  // Loaded only here, so that a call that makes nothing stays fast.
  const authority = await import('../x509/issuance.ts');
  const { directory, names, now, lifetimes, settings, passphrase } = context;
  const issue = (predecessor?: Identity) => ({
    now,
    lifetimes,
    crlUrl: settings.crlUrl,
    keyType: (predecessor && keyTypeOf(predecessor.key)) ?? context.keyType,
  });
  const changed: Role[] = [];
  const files: StoredFile[] = [];

  let root: Identity | undefined;
  if (stored.root === undefined) {
    closeDirectory(directory);
    root = await authority.createRoot(issue());
    files.push(...authorityFiles('root', root, passphrase), trustBundle(root.certificate));
    changed.push('root');
  }

  const previous = stored.intermediate && identityOf('intermediate', directory, stored.intermediate);
  let intermediate = previous;
  if (intermediate === undefined || authority.namesNotPermitted(intermediate.certificate, names).length > 0) {
    root ??= stored.root && signingRoot(directory, stored.root, passphrase);
    if (root === undefined) throw new TypeError('a root was neither found nor made');
    intermediate = await authority.issueIntermediate(root, names, issue(previous));
    files.push(...authorityFiles('intermediate', intermediate));
    if (settings.crlUrl !== undefined) {
      const { crlFiles } = await import('../x509/revocation-list.ts');
      files.push(...(await crlFiles(directory, [root, intermediate], now, lifetimes)));
    }
    changed.push('intermediate');
  }

  const leaf = await authority.issueLeaf(intermediate, names, issue());
  const cross = servedCrossCertificate(directory);
  const data = leafPem(leaf, intermediate.certificate, ...(cross ? [cross] : []));
  files.push({ name: 'leaf.pem', data, mode: 0o600 });
  commit(directory, files);
  return [...changed, 'leaf'];
}

/** Writes the roots that clients should trust, if their file is gone. */
function restoreTrust(directory: string): void {
  const paths = pathsOf(directory);
  if (existsSync(paths.trust)) return;
  const files = [paths.root, paths.nextRoot, paths.previousRoot];
  const roots = files.map((file) => loadCertificate('root', directory, file)).filter((root) => root !== undefined);
  commit(directory, [trustBundle(...roots)]);
}

function absent(path: string): never {
  throw new CertificateError('incomplete', `${path} is missing: start the cluster once, which makes it.`);
}

/** The certificates to keep. Throws for files that can be neither kept nor replaced. */
function inspect({ directory, names, now, lifetimes }: Wanted): Kept {
  const root = loadRoot(directory);
  if (root === undefined) {
    assertNothingLeft(directory);
    return {};
  }
  assertCurrent(directory, root, now);
  loadKey('root', directory, root);

  const intermediate = loadIntermediate(directory, root);
  const leaf = loadLeaf(directory);
  if (intermediate !== undefined) {
    assertBegun('intermediate', directory, intermediate, now);
    loadKey('intermediate', directory, intermediate);
  }
  if (leaf !== undefined) assertBegun('leaf', directory, leaf.certificate, now);

  const due = (role: Role, certificate: X509Certificate, issuer: X509Certificate) =>
    isDue(role, validityOf(certificate), validityOf(issuer), now, lifetimes);
  if (intermediate === undefined || due('intermediate', intermediate, root)) return { root };
  const keepLeaf =
    leaf !== undefined &&
    leaf.issuer.fingerprint256 === intermediate.fingerprint256 &&
    covers(parseSubjectAltName(leaf.certificate.subjectAltName), names) &&
    !due('leaf', leaf.certificate, intermediate);
  return { root, intermediate, ...(keepLeaf ? { leaf } : {}) };
}

/** Without root.pem everything that depends on it is lost, so it is never silently overwritten. */
function assertNothingLeft(directory: string): void {
  const paths = pathsOf(directory);
  const left = [paths.rootKey, paths.intermediate, paths.intermediateKey, paths.leaf].filter((path) =>
    existsSync(path),
  );
  if (left.length === 0) return;
  throw fault('incomplete', 'root', directory, `${paths.root} is missing, though ${left.join(', ')} is there`);
}
