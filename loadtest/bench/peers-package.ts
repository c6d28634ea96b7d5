import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PreflightError } from '../../infra/local/errors.ts';
import { PEERS_DIRECTORY } from './systems/peers.ts';

/** Installs the peers' package from its lockfile, unless just that is there already. */
export function ensurePeers(report: (line: string) => void, directory = PEERS_DIRECTORY): void {
  const lock = readFileSync(path.join(directory, 'package-lock.json'), 'utf8');
  const installed = path.join(directory, 'node_modules', '.installed-lock');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === lock) return;
  report('installing the peers (npm ci in loadtest/peers)');
  const { status, stderr, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) {
    const last = (error?.message ?? stderr.trim().split('\n').slice(-3).join(' ')).replace(/\.?$/, '.');
    throw new PreflightError(`The peers could not be installed; run npm ci in loadtest/peers. npm says: ${last}`);
  }
  writeFileSync(installed, lock);
}
