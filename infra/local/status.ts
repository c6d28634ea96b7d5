import { ConfigError, readConfig } from '../config/config.ts';
import { askStatus } from './control.ts';
import { PreflightError, StartError } from './errors.ts';
import { runningOwner } from './state-dir.ts';
import { statePaths } from './state-paths.ts';
import type { Status } from './status-types.ts';

try {
  const { stateDir } = readConfig({ args: process.argv.slice(2) });
  const paths = statePaths(stateDir);
  const status: Status = await askStatus(paths.controlSocket).catch((error: Error) => {
    const owner = runningOwner(paths);
    if (owner === undefined) return { running: false };
    throw new StartError(
      `The instance on ${paths.root} (pid ${owner.pid}, ${owner.url}) gives no status: ${error.message}.`,
    );
  });
  process.stdout.write(`${JSON.stringify(status, null, 2)}\n`);
  process.exitCode = status.running ? 0 : 1;
} catch (error) {
  const known = [ConfigError, PreflightError, StartError].some((kind) => error instanceof kind);
  if (!known) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
