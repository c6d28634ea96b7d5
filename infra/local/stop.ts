import { existsSync } from 'node:fs';
import { processStart } from '../setup/process-identity.mjs';
import { askControl } from './control.ts';
import { StartError } from './errors.ts';
import { endLeftovers, releaseStateDir, runningOwner } from './state-dir.ts';
import { statePaths } from './state-paths.ts';
import { waitFor } from './wait.ts';

/** The longest possible drain, and the steps after it. */
const DRAIN_MS = 660_000;
/** The time from the end of the control socket to the end of the process. */
const ENDING_MS = 2000;
/** For an instance that did not answer and was sent a signal. */
const DEAF_MS = 20_000;

/**
 * Ends the instance on a state directory, or the processes that a killed instance left running. Resolves with a
 * sentence about the result.
 * @throws StartError when the instance does not end
 */
export async function stop(stateDir: string): Promise<string> {
  const paths = statePaths(stateDir);
  const owner = runningOwner(paths);
  if (owner) {
    const gone = async () => processStart(owner.pid) !== owner.start || undefined;
    const end = (timeoutMs: number) => waitFor(gone, { what: `pid ${owner.pid} to end`, timeoutMs });
    let timeoutMs = DRAIN_MS;
    await askControl(paths.controlSocket, 'stop').catch(async () => {
      timeoutMs = DEAF_MS;
      // An instance that is already ending has closed its socket.
      await end(ENDING_MS).catch(() => process.kill(owner.pid, 'SIGTERM'));
    });
    await end(timeoutMs).catch(() => {
      throw new StartError(
        `The instance (pid ${owner.pid}) does not end: kill -9 ${owner.pid}, then npm run stop once more.`,
      );
    });
    return `stopped ${owner.url} (pid ${owner.pid})`;
  }
  const leftovers = existsSync(paths.children) ? await endLeftovers(paths) : [];
  if (existsSync(paths.owner)) releaseStateDir(paths);
  const ended = leftovers.length > 0 ? `; ended what a killed instance left running: ${leftovers.join(', ')}` : '';
  return `nothing is running on ${paths.root}${ended}`;
}
