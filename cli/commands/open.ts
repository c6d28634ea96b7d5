import { spawn } from 'node:child_process';
import { PreflightError } from '../../infra/local/errors.ts';
import { findBinary } from '../../infra/setup/binaries.mjs';
import { command, exits } from '../kit/command.ts';
import { addStateDirOption, stateDirOf } from '../kit/config-options.ts';

const OPENERS = process.platform === 'darwin' ? ['open'] : ['xdg-open', 'wslview'];

const open = command('open', 'open the page of the running cluster in the browser');

export default addStateDirOption(open).action(
  exits(async (options) => {
    const { readStatus } = await import('../../infra/local/status.ts');
    const stateDir = stateDirOf(options);
    const status = await readStatus(stateDir);
    if (!status.running) throw new PreflightError(`Nothing is running on ${stateDir}: gridlock start.`);
    process.stdout.write(`${status.url}\n`);
    const opener = findBinary(...OPENERS);
    if (!opener)
      throw new PreflightError(`This machine has no ${OPENERS[0]} to open a browser with: open the address.`);
    spawn(opener, [status.url], { detached: true, stdio: 'ignore' }).unref();
    return 0;
  }),
);
