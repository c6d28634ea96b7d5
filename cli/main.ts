// Runs one command on the pinned Node, after the set-up: see gridlock.mjs.

import { UsageError } from '../infra/usage-error.ts';
import { COMMANDS } from './commands/index.ts';
import { refuseSwallowedFlags } from './kit/command.ts';
import { describeError } from './kit/errors.ts';

async function run(name: string, args: readonly string[]): Promise<void> {
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!entry) throw new UsageError(`There is no command ${name}: gridlock help lists them.`);
  const { default: command } = await entry.load();
  refuseSwallowedFlags(command, name === 'start' ? 'start' : `run ${name}`);
  await command.parseAsync(args, { from: 'user' });
}

const [name = 'help', ...args] = process.argv.slice(2);
try {
  await run(name, args);
} catch (error) {
  const { text, exitCode } = describeError(error);
  if (exitCode !== 0) process.stderr.write(`${text}\n`);
  // Unfinished work could otherwise keep the process alive.
  process.exit(exitCode);
}
