import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Consumer } from '../directory/consumers.ts';
import { CertificateError, hasCode, reasonOf } from '../errors.ts';
import { keyId } from '../x509/keys.ts';
import { parsePem } from '../x509/pem.ts';

/** A place where programs look for the roots they trust. */
export interface TrustStore {
  /** How it is remembered. */
  consumer: Consumer;
  holds(root: X509Certificate): Promise<boolean>;
  /** Adding what is there, and removing what is not, changes nothing. Both throw a CertificateError. */
  add(root: X509Certificate): Promise<void>;
  remove(root: X509Certificate): Promise<void>;
}

export interface StoreOptions {
  /** Chromium's database; `~/.pki/nssdb` by default. */
  nssDatabase?: string | undefined;
  /** Other directories than the system's, for update-ca-certificates. */
  debian?: { local: string; etc: string } | undefined;
}

const run = promisify(execFile);
const nickname = (root: X509Certificate) => `gridlock ${keyId(root)}`;

/** The store of a kind. */
export function trustStore(kind: Consumer['kind'], options: StoreOptions = {}): TrustStore {
  switch (kind) {
    case 'nss':
      return nssStore(options.nssDatabase ?? join(homedir(), '.pki', 'nssdb'));
    case 'debian':
      return debianStore(options.debian);
    case 'macos':
      return macosStore(join(homedir(), 'Library', 'Keychains', 'login.keychain-db'));
    case 'file':
      throw new TypeError('a bundle is exported, not trusted');
  }
}

/** Which of `roots` a remembered place holds. Throws a CertificateError for one that cannot be looked at. */
export async function rootsHeldBy(
  { kind, place }: Consumer,
  roots: readonly X509Certificate[],
): Promise<X509Certificate[]> {
  if (kind === 'file') {
    if (!existsSync(place)) return [];
    const held = parsePem(readFileSync(place, 'utf8')).certificates.map((one) => one.fingerprint256);
    return roots.filter((root) => held.includes(root.fingerprint256));
  }
  const store = kind === 'nss' ? nssStore(place) : trustStore(kind);
  const found = await Promise.all(roots.map((root) => store.holds(root)));
  return roots.filter((_, index) => found[index]);
}

/** The database of Chromium and Chrome on Linux. */
function nssStore(database: string): TrustStore {
  const certutil = (...args: string[]) =>
    tool('certutil', ['-d', `sql:${database}`, ...args], 'install the package libnss3-tools');
  const there = () => existsSync(join(database, 'cert9.db'));
  const holds = async (root: X509Certificate) => {
    if (!there()) return false;
    const { stdout } = await certutil('-L', '-n', nickname(root), '-a').catch(ignoreMissing);
    return stdout !== '' && new X509Certificate(stdout).fingerprint256 === root.fingerprint256;
  };
  return {
    consumer: { kind: 'nss', place: database },
    holds,
    async add(root) {
      if (!there()) {
        mkdirSync(database, { recursive: true, mode: 0o700 });
        await certutil('-N', '--empty-password');
      }
      if (await holds(root)) return;
      // certutil reads a certificate from a file only.
      const file = join(database, `gridlock-${process.pid}.pem`);
      writeFileSync(file, root.toString());
      try {
        await certutil('-A', '-t', 'C,,', '-n', nickname(root), '-i', file);
      } finally {
        rmSync(file, { force: true });
      }
    },
    async remove(root) {
      if (await holds(root)) await certutil('-D', '-n', nickname(root));
    },
  };
}

/** The store that OpenSSL, curl, Python and Go use on Debian and Ubuntu. */
function debianStore(directories?: { local: string; etc: string }): TrustStore {
  const local = directories?.local ?? '/usr/local/share/ca-certificates';
  const flags = directories ? ['--localcertsdir', local, '--etccertsdir', directories.etc] : [];
  const path = (root: X509Certificate) => join(local, `${nickname(root).replace(' ', '-')}.crt`);
  const update = (...args: string[]) =>
    tool('update-ca-certificates', [...flags, ...args], 'run this as root, with the package ca-certificates installed');
  const holds = (root: X509Certificate) =>
    existsSync(path(root)) && new X509Certificate(readFileSync(path(root))).fingerprint256 === root.fingerprint256;
  return {
    consumer: { kind: 'debian', place: local },
    holds: (root) => Promise.resolve(holds(root)),
    async add(root) {
      if (holds(root)) return;
      write(path(root), root.toString());
      await update();
    },
    async remove(root) {
      if (!existsSync(path(root))) return;
      rmSync(path(root));
      // Without --fresh the link to the removed file would stay.
      await update('--fresh');
    },
  };
}

/** The login keychain of macOS. */
function macosStore(keychain: string): TrustStore {
  const security = (...args: string[]) => tool('security', args, 'run this on macOS, as the user whose keychain it is');
  const holds = async (root: X509Certificate) => {
    const { stdout } = await security('find-certificate', '-a', '-Z', keychain).catch(ignoreMissing);
    return stdout.includes(root.fingerprint256.replaceAll(':', ''));
  };
  return {
    consumer: { kind: 'macos', place: keychain },
    holds,
    async add(root) {
      if (await holds(root)) return;
      const file = join(homedir(), `.gridlock-${process.pid}.pem`);
      write(file, root.toString());
      try {
        await security('add-trusted-cert', '-r', 'trustRoot', '-k', keychain, file);
      } finally {
        rmSync(file, { force: true });
      }
    },
    async remove(root) {
      if (await holds(root))
        await security('delete-certificate', '-t', '-Z', root.fingerprint.replaceAll(':', ''), keychain);
    },
  };
}

async function tool(name: string, args: readonly string[], fix: string): Promise<{ stdout: string }> {
  try {
    return await run(name, [...args]);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw new CertificateError('trust_failed', `${name} is missing: ${fix}.`);
    const { stderr = '' } = error as { stderr?: string };
    const reason = stderr.trim().split('\n').at(-1) || reasonOf(error);
    throw new CertificateError('trust_failed', `${name} failed (${reason}): ${fix}.`, { cause: error });
  }
}

/** What is asked for by a name that is not there, is not there. */
function ignoreMissing(error: unknown): { stdout: string } {
  if (error instanceof CertificateError && /could not find|not be found|PR_FILE_NOT_FOUND/i.test(error.message))
    return { stdout: '' };
  throw error;
}

function write(path: string, data: string): void {
  try {
    writeFileSync(path, data, { mode: 0o644 });
  } catch (error) {
    throw new CertificateError('trust_failed', `${path} cannot be written (${reasonOf(error)}): run this as root.`, {
      cause: error,
    });
  }
}
