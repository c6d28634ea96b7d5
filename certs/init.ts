import { existsSync, readdirSync } from 'node:fs';
import { withDirectory } from './directory.ts';
import { CertificateError } from './errors.ts';
import { pathsOf } from './files.ts';
import type { KeyType } from './keys.ts';
import type { Role } from './lifetimes.ts';
import { authorityFiles, trustBundle } from './material.ts';
import { normalizeNames } from './names.ts';
import type { Settings } from './settings.ts';
import { lifetimesIn, requireCrlUrl, settingsFile, settingsName } from './settings.ts';
import { commit } from './store.ts';
import type { CertificateSummary } from './summary.ts';
import { summarize } from './summary.ts';

export type InitOptions = {
  dir: string;
  /** What the intermediate may sign for: these names and what is below them. */
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
  keyType?: KeyType | undefined;
  days?: Readonly<Record<Role, number>> | undefined;
  /** Where revocation lists will be served; every certificate names it. */
  crlUrl?: string | undefined;
  /** Encrypts the root's key. */
  passphrase?: string | undefined;
  now?: Date;
};

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
    const authority = await import('./authority.ts');
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
      const { crlFiles } = await import('./crl.ts');
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
  const ours = new Set([
    ...Object.values(pathsOf(directory)).map((path) => path.slice(directory.length + 1)),
    settingsName,
  ]);
  const there = readdirSync(directory).find((name) => ours.has(name) && existsSync(`${directory}/${name}`));
  if (there === undefined) return;
  throw new CertificateError(
    'exists',
    `${directory} already holds an authority (${there}): choose another --dir, or move that one away.`,
  );
}
