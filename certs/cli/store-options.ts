// Where roots are trusted: options of trust and untrust.
import { Option } from '@commander-js/extra-typings';
import type { TrustStore } from '../lifecycle/trust-store.ts';
import { oneOf } from './values.ts';

export const STORE = new Option('--store <store>', 'system (Debian or macOS) or nss (Chromium and Chrome on Linux)')
  .argParser(oneOf(['system', 'nss']))
  .default('system' as const);
export const NSS_DATABASE = new Option('--nss-database <dir>', "the browser's database (default ~/.pki/nssdb)");
export const DEBIAN_DIRECTORY = new Option('--debian-directory <dir>', 'instead of /usr/local/share/ca-certificates');
export const DEBIAN_ETC = new Option('--debian-etc <dir>', 'instead of /etc/ssl/certs');

interface StoreOptions {
  store: 'system' | 'nss';
  nssDatabase?: string | undefined;
  debianDirectory?: string | undefined;
  debianEtc?: string | undefined;
}

/** The store that the options mean. */
export async function storeOf({ store, nssDatabase, debianDirectory, debianEtc }: StoreOptions): Promise<TrustStore> {
  const { trustStore } = await import('../lifecycle/trust-store.ts');
  const system = process.platform === 'darwin' ? 'macos' : 'debian';
  return trustStore(store === 'nss' ? 'nss' : system, {
    nssDatabase,
    debian:
      debianDirectory === undefined || debianEtc === undefined ? undefined : { local: debianDirectory, etc: debianEtc },
  });
}
