import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { commit } from '../directory/atomic-files.ts';
import { pathsOf } from '../directory/authority-files.ts';
import { withDirectory } from '../directory/directory.ts';
import { authorityFiles, trustBundle } from '../directory/material.ts';
import { closeDirectory } from '../directory/output-file.ts';
import { lifetimesIn, requireCrlUrl, SETTINGS_NAME, type Settings, settingsFile } from '../directory/settings.ts';
import { CertificateError } from '../errors.ts';
import type { KeyType } from '../x509/keys.ts';
import type { Role } from '../x509/lifetimes.ts';
import { normalizeNames } from '../x509/names.ts';
import { type CertificateSummary, summarize } from '../x509/summary.ts';

export interface InitOptions {
  dir: string;
  /** The names that the intermediate may sign for, with every name below them. */
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
  keyType?: KeyType | undefined;
  days?: Readonly<Record<Role, number>> | undefined;
  /** Where revocation lists will be served; every certificate names it. */
  crlUrl?: string | undefined;
  /** Encrypts the root's key. */
  passphrase?: string | undefined;
  now?: Date;
}

/**
 * A root and an intermediate in a directory that has none. Throws a CertificateError when anything is there.
 */
export async function initAuthority(options: InitOptions): Promise<CertificateSummary[]> {
  const names = normalizeNames(options.dnsNames, options.ipAddresses);
  const settings: Settings = {
    ...(options.keyType === undefined ? {} : { keyType: options.keyType }),
    ...(options.days === undefined ? {} : { days: options.days }),
    ...(options.crlUrl === undefined ? {} : { crlUrl: requireCrlUrl(options.crlUrl) }),
  };
  const lifetimes = lifetimesIn(settings);
  return withDirectory(options.dir, async (directory) => {
    assertEmpty(directory);
    closeDirectory(directory);
    const authority = await import('../x509/issuance.ts');
    const { now = new Date(), passphrase } = options;
    const issue = { now, lifetimes, keyType: settings.keyType, crlUrl: settings.crlUrl };
    const root = await authority.createRoot(issue);
    const intermediate = await authority.issueIntermediate(root, names, issue);
    const files = [
      ...authorityFiles('root', root, passphrase),
      ...authorityFiles('intermediate', intermediate),
      trustBundle(root.certificate),
    ];
    if (Object.keys(settings).length > 0) files.push(settingsFile(settings));
    if (settings.crlUrl !== undefined) {
      const { crlFiles } = await import('../x509/revocation-list.ts');
      files.push(...(await crlFiles(directory, [root, intermediate], now, lifetimes)));
    }
    commit(directory, files);
    const paths = pathsOf(directory);
    return [
      summarize('root', paths.root, root.certificate),
      summarize('intermediate', paths.intermediate, intermediate.certificate),
    ];
  });
}

function assertEmpty(directory: string): void {
  // The directory may exist already because of an account with an ACME authority.
  const { acme: _, challenges: __, ...own } = pathsOf(directory);
  const there = [...Object.values(own), join(directory, SETTINGS_NAME)].find((path) => existsSync(path));
  if (there === undefined) return;
  throw new CertificateError(
    'exists',
    `${directory} already holds an authority (${basename(there)}): choose another --dir, or move that one away.`,
  );
}
