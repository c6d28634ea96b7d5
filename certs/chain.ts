import type { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Identity } from './authority.ts';
import { CertificateError } from './errors.ts';
import { fault, loadIntermediate, loadKey, loadLeaf, loadRoot, pathsOf } from './files.ts';
import type { StoredLeaf } from './files.ts';
import { isDue, lifetimes as defaultLifetimes } from './lifetimes.ts';
import type { Lifetimes, Role } from './lifetimes.ts';
import { withLock } from './lock.ts';
import { covers, normalizeNames, parseSubjectAltName } from './names.ts';
import type { Names } from './names.ts';
import { commit, recover } from './store.ts';
import type { StoredFile } from './store.ts';
import { summarize, validityOf } from './summary.ts';
import type { CertificateSummary } from './summary.ts';

export type Chain = {
  rootPath: string;
  intermediatePath: string;
  /** Leaf, intermediate and key in one file, as HAProxy reads it. */
  leafPath: string;
  /** Root, intermediate, leaf. */
  certificates: CertificateSummary[];
  /** What this call made. */
  changed: Role[];
};

export type ChainOptions = {
  dir: string;
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
  now?: Date;
  lifetimes?: Lifetimes;
  /** Milliseconds to wait for another process that works on the same directory. */
  lockTimeoutMs?: number;
};

type Kept = { root?: X509Certificate; intermediate?: X509Certificate; leaf?: StoredLeaf };
type Context = { directory: string; names: Names; now: Date; lifetimes: Lifetimes };

/**
 * Makes what is missing, expired or due for renewal, or does not cover the names; keeps the rest.
 * Throws a CertificateError when what is there cannot be relied on; a root is never replaced.
 */
export async function ensureChain(options: ChainOptions): Promise<Chain> {
  const directory = resolve(options.dir);
  const names = normalizeNames(options.dnsNames, options.ipAddresses);
  const context = {
    directory,
    names,
    now: options.now ?? new Date(),
    lifetimes: options.lifetimes ?? defaultLifetimes,
  };
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return await withLock(
      directory,
      async () => {
        recover(directory);
        const changed = await renew(context);
        return { ...readChain(directory), changed };
      },
      options.lockTimeoutMs,
    );
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new CertificateError(
      'unreadable',
      `The certificate directory ${directory} cannot be used (${error.message}): ` +
        'check what it is and who owns it.',
      { cause: error },
    );
  }
}

/** What is on disk, whether due or not. Throws a CertificateError for what is missing or damaged. */
export function readChain(dir: string): Chain {
  const directory = resolve(dir);
  const paths = pathsOf(directory);
  const root = loadRoot(directory) ?? absent(paths.root);
  const intermediate = loadIntermediate(directory, root) ?? absent(paths.intermediate);
  const leaf = loadLeaf(directory) ?? absent(paths.leaf);
  return {
    rootPath: paths.root,
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

  // Loaded here only: the call that has nothing to make stays fast.
  const authority = await import('./authority.ts');
  const { directory, names } = context;
  const changed: Role[] = [];
  const files: StoredFile[] = [];

  let root: Identity | undefined;
  if (stored.root === undefined) {
    root = await authority.createRoot(context);
    files.push(keyFile('root.key', root), {
      name: 'root.pem',
      data: root.certificate.toString(),
      mode: 0o644,
    });
    changed.push('root');
  }

  let intermediate = stored.intermediate && identityOf('intermediate', directory, stored.intermediate);
  if (intermediate === undefined || authority.namesNotPermitted(intermediate.certificate, names).length > 0) {
    root ??= stored.root && signingRoot(directory, stored.root);
    if (root === undefined) throw new TypeError('a root was neither found nor made');
    intermediate = await authority.issueIntermediate(root, names, context);
    const data = intermediate.certificate.toString();
    files.push(keyFile('intermediate.key', intermediate), { name: 'intermediate.pem', data, mode: 0o644 });
    changed.push('intermediate');
  }

  const leaf = await authority.issueLeaf(intermediate, names, context);
  const data = leaf.certificate.toString() + intermediate.certificate.toString() + pkcs8(leaf);
  files.push({ name: 'leaf.pem', data, mode: 0o600 });
  commit(directory, files);
  return [...changed, 'leaf'];
}

/** What can be kept; throws for what can be neither kept nor replaced. */
function inspect({ directory, names, now, lifetimes }: Context): Kept {
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

/** Without root.pem everything that hangs on it is lost, so nothing of it is silently written over. */
function assertNothingLeft(directory: string): void {
  const paths = pathsOf(directory);
  const left = [paths.rootKey, paths.intermediate, paths.intermediateKey, paths.leaf].filter((path) =>
    existsSync(path),
  );
  if (left.length === 0) return;
  throw fault(
    'incomplete',
    'root',
    directory,
    `${paths.root} is missing, though ${left.join(', ')} is there`,
  );
}

function assertCurrent(directory: string, root: X509Certificate, now: Date): void {
  assertBegun('root', directory, root, now);
  const { notAfter } = validityOf(root);
  if (now <= notAfter) return;
  const problem = `The root ${pathsOf(directory).root} expired on ${notAfter.toISOString()}`;
  throw fault('expired', 'root', directory, problem);
}

function assertBegun(role: Role, directory: string, certificate: X509Certificate, now: Date): void {
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

function signingRoot(directory: string, certificate: X509Certificate): Identity {
  const root = identityOf('root', directory, certificate);
  if (root !== undefined) return root;
  const { rootKey } = pathsOf(directory);
  throw fault('key_missing', 'root', directory, `A new intermediate is needed, but ${rootKey} is missing`);
}

/** Undefined without the key: the certificate cannot sign any more. */
function identityOf(
  role: 'root' | 'intermediate',
  directory: string,
  certificate: X509Certificate,
): Identity | undefined {
  const key = loadKey(role, directory, certificate);
  if (key !== 'encrypted') return key && { certificate, key };
  const paths = pathsOf(directory);
  const path = role === 'root' ? paths.rootKey : paths.intermediateKey;
  throw new CertificateError(
    'key_encrypted',
    `${path} has to sign a certificate, but is encrypted: first put the key there in plain PKCS#8.`,
  );
}

function keyFile(name: string, identity: Identity): StoredFile {
  return { name, data: pkcs8(identity), mode: 0o600 };
}

function pkcs8(identity: Identity): string {
  return identity.key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function absent(path: string): never {
  throw new CertificateError('incomplete', `${path} is missing: start the cluster once, which makes it.`);
}
