import type { X509Certificate } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ignoreMissing, type TrustStore, tool, writeRoot } from './store.ts';

/** The login keychain of macOS. */
export function macosStore(home: string): TrustStore {
  const keychain = join(home, 'Library', 'Keychains', 'login.keychain-db');
  const security = (...args: string[]) => tool('security', args, 'run this on macOS, as the user whose keychain it is');
  const holds = async (root: X509Certificate) => {
    const { stdout } = await security('find-certificate', '-a', '-Z', keychain).catch(ignoreMissing);
    return stdout.includes(root.fingerprint256.replaceAll(':', ''));
  };
  return {
    consumer: { kind: 'macos', place: keychain },
    readers: 'Safari, Chrome, curl and others',
    adds: () => `security add-trusted-cert -r trustRoot -k ${keychain}, which asks for your password`,
    obstacle: () => undefined,
    holds,
    async add(root) {
      if (await holds(root)) return;
      const file = join(home, `.gridlock-${process.pid}.pem`);
      writeRoot(file, root);
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
