import { askAnyStatus } from './control.ts';
import { PreflightError } from './errors.ts';
import { runningOwner } from './state-dir.ts';
import { statePaths } from './state-paths.ts';
import type { Status } from './system-status.ts';

/**
 * The status of the instance on a state directory.
 * @throws PreflightError when an instance runs there and does not answer
 */
export async function readStatus(stateDir: string): Promise<Status> {
  const paths = statePaths(stateDir);
  return askAnyStatus(paths.controlSocket).catch((error: Error) => {
    const owner = runningOwner(paths);
    if (owner === undefined) return { running: false };
    throw new PreflightError(
      `The instance on ${paths.root} (pid ${owner.pid}, ${owner.url}) gives no status: ${error.message}.`,
    );
  });
}
