import { STEPS } from '../../infra/up/pki.ts';
import { command, exits } from '../kit/command.ts';
import { addConfigOptions, configArgs } from '../kit/config-options.ts';
import { oneOf } from '../kit/values.ts';

const HELP = `
Steps:
  leaf                a new leaf
  intermediate        a new intermediate, and a leaf of it
  root-accept         a new root, which clients accept and which does not issue yet
  root-issue          the new root issues
  root-retire         the old root is no longer accepted`;

const rotate = command('rotate', 'replace the certificates of a stack')
  .description("Edits gridlock:pki in the stack's file, then brings the stack up.")
  .argument('<step>', 'what to replace, see below', oneOf(STEPS))
  .option('--dry-run', 'show what would change, and change nothing')
  .option('--yes', 'do not ask')
  .option('--policy-pack', 'refuse manifests that break a policy of infra/policies')
  .addHelpText('after', HELP);

export default addConfigOptions(rotate, ['stateDir']).action(
  exits(async (step, { dryRun, yes, policyPack, ...options }) => {
    const { rotate: rotateStack } = await import('../../infra/up/rotate.ts');
    return rotateStack(step, configArgs(options), { dryRun, yes, policies: policyPack });
  }),
);
