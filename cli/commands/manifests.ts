import { command, exits } from '../kit/command.ts';
import { addConfigOptions, CLUSTER, configArgs } from '../kit/config-options.ts';

const EXAMPLE = `
Example:
  npm run -s manifests -- --stack dev | kubectl apply -f -`;

const manifests = command('manifests', 'print the manifests of a stack, to apply without Pulumi')
  .description(
    'Prints the manifests of a stack with real secrets. Other parts (charts, the image, the cluster) are named on ' +
      'standard error.',
  )
  .addHelpText('after', EXAMPLE);

export default addConfigOptions(manifests, CLUSTER).action(
  exits(async (options) => {
    const [{ readConfig }, { printManifests }] = await Promise.all([
      import('../../infra/config/config.ts'),
      import('../../infra/render/print.ts'),
    ]);
    await printManifests(readConfig({ args: configArgs(options), target: 'cluster' }));
    return 0;
  }),
);
