import { command, exits } from '../kit/command.ts';
import { addConfigOptions, configArgs, LOCAL } from '../kit/config-options.ts';

const compose = command('compose', 'start the cluster as containers with Docker Compose')
  .description(
    'Prepares what compose.yaml needs (image, certificates, secrets, configuration), then runs docker compose up ' +
      '--build in the foreground. The number of replicas is fixed: compose.yaml names four.',
  )
  .usage('[options] [-- options of docker compose up]')
  .argument('[options...]', 'options of docker compose up, after --')
  .option('--prepare', 'prepare, and start nothing');

export default addConfigOptions(compose, LOCAL).action(
  exits(async (upOptions, { prepare, ...options }) => {
    const [{ readConfig }, { runCompose }] = await Promise.all([
      import('../../infra/config/config.ts'),
      import('../../infra/compose/run.ts'),
    ]);
    return runCompose(readConfig({ args: configArgs(options) }), { isPrepareOnly: prepare === true, upOptions });
  }),
);
