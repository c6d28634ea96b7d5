import { command, exits } from '../kit/command.ts';
import { addConfigOptions, configArgs } from '../kit/config-options.ts';

const down = command('down', 'take a stack down')
  .description('Undoes gridlock up: the cluster or what was put into it, the stack, its state and passphrase.')
  .option('--yes', 'do not ask')
  .option('--unreachable', 'the cluster is gone: forget what was in it');

export default addConfigOptions(down, ['stateDir']).action(
  exits(async ({ yes, unreachable, ...options }) => {
    const { down: takeDown } = await import('../../infra/up/down.ts');
    return takeDown(configArgs(options), { yes, unreachable });
  }),
);
