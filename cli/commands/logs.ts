import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { statePaths } from '../../infra/local/state-paths.ts';
import { UsageError } from '../../infra/usage-error.ts';
import { command, exits } from '../kit/command.ts';
import { addStateDirOption, stateDirOf } from '../kit/config-options.ts';
import { integer } from '../kit/values.ts';

const SUFFIX = '.log';
/** A launcher that was killed passes no signal on, and disconnects. */
const ENDS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const;

function filesOf(directory: string, names: readonly string[]): string[] {
  let there: string[] = [];
  try {
    there = readdirSync(directory)
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => name.slice(0, -SUFFIX.length));
  } catch {
    // Nothing was started here yet.
  }
  if (there.length === 0) throw new UsageError(`There are no logs in ${directory}: gridlock start writes them.`);
  const unknown = names.find((name) => !there.includes(name));
  if (unknown !== undefined) throw new UsageError(`There is no log of ${unknown}; there is ${there.join(', ')}.`);
  return (names.length > 0 ? names : there).map((name) => path.join(directory, name + SUFFIX));
}

const logs = command('logs', 'show the logs of replicas, edge and Redis')
  .argument('[process...]', 'logs to show: ws1, ws2, ..., haproxy, redis (default all)')
  .option('-f, --follow', 'keep showing new lines')
  .option('-n, --lines <count>', 'number of lines of each log', integer(0, 1_000_000), 50);

export default addStateDirOption(logs).action(
  exits(async (names, { follow, lines, ...options }) => {
    const files = filesOf(statePaths(stateDirOf(options)).logs, names);
    // tail follows a log into its next file when it is rotated.
    const tail = spawn('tail', ['-n', String(lines), ...(follow ? ['-F'] : []), ...files], { stdio: 'inherit' });
    const end = () => tail.kill();
    for (const event of ENDS) process.on(event, end);
    const [code] = await once(tail, 'exit');
    // Waiting for a disconnection keeps the process alive.
    for (const event of ENDS) process.off(event, end);
    return code === 0 || follow ? 0 : 1;
  }),
);
