import { existsSync } from 'node:fs';
import { ConfigError, readConfig } from '../config/config.ts';
import { askControl } from './control.ts';
import { PreflightError, StartError } from './errors.ts';
import { processStart } from './process-identity.ts';
import { endLeftovers, releaseStateDir, runningOwner } from './state-dir.ts';
import { statePaths } from './state-paths.ts';
import { waitFor } from './wait.ts';

/** The longest drain there is, and what comes after it. */
const DRAIN_MS = 660_000;
/** From the end of the control socket to that of the process. */
const ENDING_MS = 2000;
/** For one that did not answer and was sent a signal. */
const DEAF_MS = 20_000;

try {
  const { stateDir } = readConfig({ args: process.argv.slice(2) });
  const paths = statePaths(stateDir);
  const owner = runningOwner(paths);
  if (owner) {
    const gone = async () => processStart(owner.pid) !== owner.start || undefined;
    const end = (timeoutMs: number) => waitFor(gone, { what: `pid ${owner.pid} to end`, timeoutMs });
    let timeoutMs = DRAIN_MS;
    await askControl(paths.controlSocket, 'stop').catch(async () => {
      timeoutMs = DEAF_MS;
      // One that is ending by itself has closed its socket already.
      await end(ENDING_MS).catch(() => process.kill(owner.pid, 'SIGTERM'));
    });
    await end(timeoutMs).catch(() => {
      throw new StartError(
        `The instance (pid ${owner.pid}) does not end: kill -9 ${owner.pid}, then npm run stop once more.`,
      );
    });
    process.stdout.write(`stopped ${owner.url} (pid ${owner.pid})\n`);
  } else {
    const leftovers = existsSync(paths.children) ? await endLeftovers(paths) : [];
    if (existsSync(paths.owner)) releaseStateDir(paths);
    const ended = leftovers.length > 0 ? `; ended what a killed instance left running: ${leftovers.join(', ')}` : '';
    process.stdout.write(`nothing is running on ${paths.root}${ended}\n`);
  }
} catch (error) {
  const known = [ConfigError, PreflightError, StartError].some((kind) => error instanceof kind);
  if (!known) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof StartError ? 1 : 2;
}
