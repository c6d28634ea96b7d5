import { command, exits } from '../kit/command.ts';
import { addConfigOptions, configArgs, LOCAL } from '../kit/config-options.ts';

const start = command('start', 'start a cluster on this machine and keep it running')
  .description(
    'Starts replicas, Redis and the TLS edge as processes of this machine, prints the address, and keeps them running ' +
      'until Ctrl-C or "gridlock stop".',
  )
  .option('--open', 'open the page in the browser as soon as it is served; never in CI');

export default addConfigOptions(start, LOCAL).action(
  exits(async ({ open = false, ...options }) => {
    const [{ readConfig }, local] = await Promise.all([
      import('../../infra/config/config.ts'),
      import('../../infra/local/start.ts'),
    ]);
    await local.start(readConfig({ args: configArgs(options) }), { opens: open });
    return 0;
  }),
);
