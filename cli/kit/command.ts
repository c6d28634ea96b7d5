import type { Command, Option } from '@commander-js/extra-typings';
import { UsageError } from '../../infra/usage-error.ts';

// The certificate authority stands alone, so everything that all commands share is there.
export { command } from '../../certs/cli/command.ts';

/** The action of a command, which resolves with the exit code. Typed by the arguments and options of its command. */
export const exits =
  <Parameters extends unknown[]>(action: (...parameters: Parameters) => number | Promise<number>) =>
  async (...parameters: Parameters): Promise<void> => {
    process.exitCode = await action(...parameters);
  };

/**
 * Refuses flags that npm kept for itself. It does so with those written before `--`, and passes them on as environment
 * variables only.
 * @throws UsageError that says where flags belong
 */
export function refuseSwallowedFlags(command: Command, script: string, env: NodeJS.ProcessEnv = process.env): void {
  // Many users set npm's own `yes` permanently, which is harmless.
  for (const { long, required } of command.options as readonly Option[]) {
    if (!long || long === '--yes' || long === '--help') continue;
    const value = env[`npm_config_${long.slice(2).replaceAll('-', '_')}`];
    if (value === undefined) continue;
    // Of `--port 1` npm keeps `--port` alone.
    const shown = required ? ` ${value === 'true' ? '...' : value}` : '';
    throw new UsageError(`npm took ${long} for itself; flags come after two dashes: npm ${script} -- ${long}${shown}`);
  }
}
