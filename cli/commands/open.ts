import { browserOpener, openAddress } from '../../infra/local/browser.ts';
import { PreflightError } from '../../infra/local/errors.ts';
import { command, exits } from '../kit/command.ts';
import { addStateDirOption, stateDirOf } from '../kit/config-options.ts';

const open = command('open', 'open the page of the running cluster in the browser');

export default addStateDirOption(open).action(
  exits(async (options) => {
    const { readStatus } = await import('../../infra/local/status.ts');
    const stateDir = stateDirOf(options);
    const status = await readStatus(stateDir);
    if (!status.running) throw new PreflightError(`Nothing is running on ${stateDir}: gridlock start.`);
    process.stdout.write(`${status.url}\n`);
    const opener = browserOpener();
    if ('problem' in opener) throw new PreflightError(opener.problem);
    openAddress(opener.program, status.url);
    return 0;
  }),
);
