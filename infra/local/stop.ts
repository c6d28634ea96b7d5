import { existsSync } from 'node:fs';
import { ConfigError, readConfig } from '../config.ts';
import { askControl } from './control.ts';
import { PreflightError } from './errors.ts';
import { processStart } from './process-identity.ts';
import { endLeftovers, releaseStateDir, runningOwner } from './state-dir.ts';
import { statePaths } from './state-paths.ts';
import { waitFor } from './wait.ts';

try {
  const { stateDir } = readConfig({ args: process.argv.slice(2) });
  const paths = statePaths(stateDir);
  const owner = runningOwner(paths);
  if (owner) {
    await askControl(paths.controlSocket, 'stop').catch(() => process.kill(owner.pid, 'SIGTERM'));
    const gone = async () => processStart(owner.pid) !== owner.start || undefined;
    await waitFor(gone, { what: `pid ${owner.pid} to end`, timeoutMs: 660_000 });
    process.stdout.write(`stopped ${owner.url} (pid ${owner.pid})\n`);
  } else {
    const leftovers = existsSync(paths.children) ? await endLeftovers(paths) : [];
    if (existsSync(paths.owner)) releaseStateDir(paths);
    const ended =
      leftovers.length > 0 ? `; ended what a killed instance left running: ${leftovers.join(', ')}` : '';
    process.stdout.write(`nothing is running on ${paths.root}${ended}\n`);
  }
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof PreflightError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
