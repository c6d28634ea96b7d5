import { command, exits } from '../kit/command.ts';
import { addConfigOptions, configArgs, LOCAL } from '../kit/config-options.ts';

const compose = command('compose', 'start the cluster as containers with Docker Compose')
  .description(
    'Prepares what compose.yaml needs (image, certificates, secrets, configuration), then runs docker compose up ' +
      '--build in the foreground. The number of replicas is fixed: compose.yaml names four. With --image, --replicas ' +
      'containers of an image of your own are behind the edge instead.',
  )
  .usage('[options] [-- options of docker compose up]')
  .argument('[options...]', 'options of docker compose up, after --')
  .option('--prepare', 'prepare without starting anything')
  .option('--image <reference>', 'the same as --server-image: your server instead of the replicas of Gridlock');

export default addConfigOptions(compose, LOCAL).action(
  exits(async (upOptions, { prepare, image, serverImage = image, ...options }) => {
    const [{ readConfig }, { runCompose }] = await Promise.all([
      import('../../infra/config/config.ts'),
      import('../../infra/compose/run.ts'),
    ]);
    return runCompose(
      readConfig({ args: configArgs({ ...options, ...(serverImage === undefined ? {} : { serverImage }) }) }),
      { isPrepareOnly: prepare === true, upOptions },
    );
  }),
);
