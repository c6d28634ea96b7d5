import { X509Certificate } from 'node:crypto';
import { accessSync, constants, existsSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ignoreMissing, nickname, type TrustStore, tool } from './store.ts';

const FIX = 'install the package libnss3-tools';
/** The places of Firefox profiles, which depend on how Firefox was installed. */
const FIREFOX = [
  '.mozilla/firefox/*',
  'snap/firefox/common/.mozilla/firefox/*',
  '.var/app/org.mozilla.firefox/.mozilla/firefox/*',
  'Library/Application Support/Firefox/Profiles/*',
];
/** Other places of Chromium and Chrome than `~/.pki/nssdb`. */
const CHROMIUM = ['.local/share/pki/nssdb', 'snap/chromium/current/.pki/nssdb'];

const isDatabase = (directory: string): boolean => existsSync(join(directory, 'cert9.db'));

/** The database that Chromium and Chrome on Linux make for a user when there is none. */
export const chromiumDatabase = (home: string): string => join(home, '.pki', 'nssdb');

/** The databases of the browsers of a user. On Linux that of Chromium comes first, even if it is not there yet. */
export function browserDatabases(home: string, platform: NodeJS.Platform = process.platform): string[] {
  const found = [...CHROMIUM, ...FIREFOX].flatMap((pattern) => globSync(pattern, { cwd: home }).sort());
  const there = found.map((place) => join(home, place)).filter(isDatabase);
  return platform === 'linux' ? [chromiumDatabase(home), ...there] : there;
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A database of Chromium, Chrome or Firefox. */
export function nssStore(database: string): TrustStore {
  const certutil = (...args: string[]) => tool('certutil', ['-d', `sql:${database}`, ...args], FIX);
  const holds = async (root: X509Certificate) => {
    if (!isDatabase(database)) return false;
    const { stdout } = await certutil('-L', '-n', nickname(root), '-a').catch(ignoreMissing);
    return stdout !== '' && new X509Certificate(stdout).fingerprint256 === root.fingerprint256;
  };
  return {
    consumer: { kind: 'nss', place: database },
    readers: /firefox/i.test(database) ? 'Firefox' : 'Chromium and Chrome',
    adds: (root) => `certutil -d sql:${database} -A -t C,, -n "${nickname(root)}"`,
    obstacle: () => (isInstalled('certutil') ? undefined : `certutil is missing: ${FIX}.`),
    holds,
    async add(root) {
      if (!isDatabase(database)) {
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
