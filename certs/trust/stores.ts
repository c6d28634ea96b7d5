import type { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import type { Consumer } from '../directory/consumers.ts';
import { parsePem } from '../x509/pem.ts';
import { type DebianDirectories, linuxStore } from './linux-store.ts';
import { macosStore } from './macos-store.ts';
import { browserDatabases, chromiumDatabase, nssStore } from './nss-store.ts';
import type { TrustStore } from './store.ts';

export interface StoreOptions {
  /** The only browser database to use; by default `~/.pki/nssdb` of Chromium, or all that exist. */
  nssDatabase?: string | undefined;
  /** Other directories than the system's, for update-ca-certificates. */
  debian?: DebianDirectories | undefined;
}

/** The store of a kind. */
export function trustStore(kind: Consumer['kind'], options: StoreOptions = {}): TrustStore {
  switch (kind) {
    case 'nss':
      return nssStore(options.nssDatabase ?? chromiumDatabase(homedir()));
    case 'debian':
    case 'anchors':
      return linuxStore(options.debian);
    case 'macos':
      return macosStore(homedir());
    case 'file':
      throw new TypeError('a bundle is exported, not trusted');
  }
}

/** The system's store. */
export const systemStore = (options: StoreOptions = {}): TrustStore =>
  trustStore(process.platform === 'darwin' ? 'macos' : 'debian', options);

/** Every store of this machine and user: the system's first, then those of the browsers that have one. */
export function everyStore(options: StoreOptions = {}): TrustStore[] {
  const databases = options.nssDatabase === undefined ? browserDatabases(homedir()) : [options.nssDatabase];
  return [systemStore(options), ...databases.map(nssStore)];
}

/** The roots of `roots` that a recorded place holds. Throws a CertificateError when the place cannot be read. */
export async function rootsHeldBy(
  { kind, place }: Consumer,
  roots: readonly X509Certificate[],
): Promise<X509Certificate[]> {
  if (kind === 'file') {
    if (!existsSync(place)) return [];
    const held = parsePem(readFileSync(place, 'utf8')).certificates.map((one) => one.fingerprint256);
    return roots.filter((root) => held.includes(root.fingerprint256));
  }
  const store = kind === 'nss' ? nssStore(place) : kind === 'macos' ? trustStore(kind) : linuxStore(undefined, place);
  const found = await Promise.all(roots.map((root) => store.holds(root)));
  return roots.filter((_, index) => found[index]);
}
