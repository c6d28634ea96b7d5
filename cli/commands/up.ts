import { command, exits } from '../kit/command.ts';
import { addConfigOptions, CLUSTER, configArgs } from '../kit/config-options.ts';

const HELP = `
A flag of the configuration is written into Pulumi.<stack>.yaml, so that the next run goes on from it; --state-dir and
--stack are not. infra/README.md says what a change of each key does to a stack that is up.`;

const up = command('up', 'bring a stack up on Kubernetes')
  .description('Brings the stack up on Kubernetes: pulumi up, with state and passphrase in the state directory.')
  .option('--preview', 'show what would change, and change nothing')
  .option('--yes', 'do not ask')
  .option('--policy-pack', 'refuse manifests that break a policy of infra/policies')
  .option('--refresh', 'read the actual state first, and correct the recorded one')
  .option('--accept-data-loss', 'also make changes that lose the data in Redis or the key of the root')
  .addHelpText('after', HELP);

export default addConfigOptions(up, CLUSTER).action(
  exits(async ({ preview, yes, policyPack, refresh, acceptDataLoss, ...options }) => {
    const { up: bringUp } = await import('../../infra/up/up.ts');
    return bringUp(configArgs(options), { preview, yes, policies: policyPack, refresh, acceptDataLoss });
  }),
);
