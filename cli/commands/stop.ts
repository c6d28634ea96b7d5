import { command, exits } from '../kit/command.ts';
import { addStateDirOption, stateDirOf } from '../kit/config-options.ts';

const stop = command('stop', 'stop the cluster on this machine').description(
  'Drains and stops the cluster, or ends what a killed one left running. When nothing runs, that is not an error.',
);

export default addStateDirOption(stop).action(
  exits(async (options) => {
    const local = await import('../../infra/local/stop.ts');
    process.stdout.write(`${await local.stop(stateDirOf(options))}\n`);
    return 0;
  }),
);
