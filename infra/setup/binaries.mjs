import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

// Debian keeps daemons in sbin, which is not on the PATH of an ordinary user.
const EXTRA_DIRECTORIES = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
const MAC_CHROME = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

const PACKAGES = {
  apt: {
    haproxy: 'haproxy',
    redis: 'redis-server',
    chromium: 'chromium',
    openssl: 'openssl',
    certutil: 'libnss3-tools',
    named: 'bind9',
    testssl: 'testssl.sh',
    pip: 'python3-pip',
  },
  dnf: {
    haproxy: 'haproxy',
    redis: 'redis',
    chromium: 'chromium',
    openssl: 'openssl',
    certutil: 'nss-tools',
    named: 'bind',
    testssl: 'testssl',
    pip: 'python3-pip',
  },
  brew: {
    haproxy: 'haproxy',
    redis: 'redis',
    chromium: 'google-chrome',
    openssl: 'openssl',
    certutil: 'nss',
    named: 'bind',
    testssl: 'testssl',
    pip: 'python',
  },
};

/** The programs that show that a system part is there. */
export const PART_BINARIES = {
  haproxy: ['haproxy'],
  redis: ['redis-server'],
  chromium: ['chromium', 'chromium-browser', 'google-chrome', MAC_CHROME],
  openssl: ['openssl'],
  certutil: ['certutil'],
  named: ['named'],
  testssl: ['testssl', 'testssl.sh'],
  pip: ['pip3'],
};

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

export function findBinary(...names) {
  // Set where the search must stay within PATH, such as in a test or a sandbox.
  const extra = process.env.GRIDLOCK_PATH_ONLY ? [] : EXTRA_DIRECTORIES;
  const directories = [...(process.env.PATH ?? '').split(path.delimiter).filter(Boolean), ...extra];
  for (const name of names) {
    const candidates = path.isAbsolute(name) ? [name] : directories.map((dir) => path.resolve(dir, name));
    const found = candidates.find(isProgram);
    if (found) return found;
  }
  return undefined;
}

/** Which package manager this machine has: `apt`, `dnf`, `brew` or undefined. */
export function packageManager() {
  if (process.platform === 'darwin') return 'brew';
  if (findBinary('apt-get')) return 'apt';
  return findBinary('dnf') ? 'dnf' : undefined;
}

export function packageNames(manager, parts) {
  return parts.map((part) => PACKAGES[manager][part]);
}

export function installCommand(parts) {
  const manager = packageManager();
  if (!manager) return `install ${parts.join(' and ')} with your system's package manager`;
  const names = packageNames(manager, parts).join(' ');
  if (manager === 'brew') return `brew install ${names}`;
  if (manager === 'dnf') return `sudo dnf install -y ${names}`;
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names}`;
}
