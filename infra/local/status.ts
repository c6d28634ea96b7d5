import { ConfigError, readConfig } from '../config.ts';
import { askStatus } from './control.ts';
import { PreflightError } from './errors.ts';
import { statePaths } from './state-paths.ts';
import type { Status } from './status-types.ts';

try {
  const { stateDir } = readConfig({ args: process.argv.slice(2) });
  const status: Status = await askStatus(statePaths(stateDir).controlSocket).catch(() => ({
    running: false,
  }));
  process.stdout.write(`${JSON.stringify(status, null, 2)}\n`);
  process.exitCode = status.running ? 0 : 1;
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof PreflightError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
