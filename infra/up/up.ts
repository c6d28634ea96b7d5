import { bringUp, requireCluster, type UpOptions } from './bring-up.ts';
import { exitCodeOf, requireTerminal } from './command.ts';
import { openStack, readRequest } from './stack.ts';

/**
 * Brings a stack up.
 * @param args flags of the configuration
 * @returns the exit code
 * @throws ConfigError or PreflightError before anything was changed
 */
export async function up(args: readonly string[], options: UpOptions): Promise<number> {
  const request = readRequest(args);
  if (!options.preview && !options.yes) requireTerminal('up');
  const engine = openStack(request);
  requireCluster(request.config, engine);
  return exitCodeOf(await bringUp(request, engine, options));
}
