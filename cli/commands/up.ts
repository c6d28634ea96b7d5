import { command, exits } from '../kit/command.ts';
import { addConfigOptions, CLUSTER, configArgs } from '../kit/config-options.ts';

const up = command('up', 'bring a stack up on Kubernetes')
  .description('Brings the stack up on Kubernetes: pulumi up, with state and passphrase in the state directory.')
  .option('--preview', 'show what would change, and change nothing')
  .option('--yes', 'ask nothing')
  .option('--policy-pack', 'refuse manifests that break a policy of infra/policies');

export default addConfigOptions(up, CLUSTER).action(
  exits(async ({ preview, yes, policyPack, ...options }) => {
    const { up: bringUp } = await import('../../infra/up/up.ts');
    return bringUp(configArgs(options), { preview, yes, policies: policyPack });
  }),
);
