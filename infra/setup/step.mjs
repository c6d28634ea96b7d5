import { spawnSync } from 'node:child_process';

/**
 * A set-up step that cannot go on; the message is a sentence for the user, the process ends with exit code 2.
 */
export class SetupError extends Error {}

/** One progress line. On stderr, so that what a script prints on stdout stays parseable. */
export function progress(line) {
  process.stderr.write(`set-up: ${line}\n`);
}

/** Runs a command quietly; on failure throws a SetupError that ends with the last lines of its output. */
export function run(what, command, args, options = {}) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  if (result.status === 0) return result.stdout;
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim().split('\n').slice(-15).join('\n');
  const reason = result.error ? result.error.message : `exit code ${result.status ?? result.signal}`;
  throw new SetupError(`${what} failed (${reason}); the command was: ${command} ${args.join(' ')}\n${output}`);
}
