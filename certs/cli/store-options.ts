// Where roots are trusted: options of trust and untrust.
import { Option } from '@commander-js/extra-typings';
import type { TrustStore } from '../trust/store.ts';
import { oneOf } from './values.ts';

export const STORE = new Option(
  '--store <store>',
  'system (Linux or macOS) or nss (Chromium and Chrome on Linux); default: system, and every browser found',
).argParser(oneOf(['system', 'nss']));
export const NSS_DATABASE = new Option(
  '--nss-database <dir>',
  'the only browser database to change (default ~/.pki/nssdb, and every profile of Firefox)',
);
export const DEBIAN_DIRECTORY = new Option('--debian-directory <dir>', 'instead of /usr/local/share/ca-certificates');
export const DEBIAN_ETC = new Option('--debian-etc <dir>', 'instead of /etc/ssl/certs');

interface StoreOptions {
  store?: 'system' | 'nss' | undefined;
  nssDatabase?: string | undefined;
  debianDirectory?: string | undefined;
  debianEtc?: string | undefined;
}

/** The stores that the options select: the named one, or all. */
export async function storesOf({ store, nssDatabase, debianDirectory, debianEtc }: StoreOptions) {
  const { everyStore, systemStore, trustStore } = await import('../trust/stores.ts');
  const options = {
    nssDatabase,
    debian:
      debianDirectory === undefined || debianEtc === undefined ? undefined : { local: debianDirectory, etc: debianEtc },
  };
  const stores: readonly TrustStore[] =
    store === undefined ? everyStore(options) : [store === 'nss' ? trustStore('nss', options) : systemStore(options)];
  return { stores, isNamed: store !== undefined };
}
