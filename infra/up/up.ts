// Usage: npm run up -- [--stack dev] [--preview] [--yes] [--policy-pack] [flags of the configuration]
import { configHelp } from '../config/config.ts';
import { bringUp, requireCluster } from './bring-up.ts';
import { exitCodeOf, requireTerminal, runCommand } from './command.ts';
import { refuseSwallowedFlags, takeSwitches } from './flags.ts';
import { openStack, readWish } from './stack.ts';

const SWITCHES = ['preview', 'yes', 'policy-pack'] as const;

const HELP = `npm run up -- [flags]

Brings the stack up on Kubernetes: pulumi up, with state and passphrase in the state directory.

  --preview                      show what would change, and change nothing
  --yes                          ask nothing
  --policy-pack                  refuse manifests that break a policy of infra/policies

`;

await runCommand(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP + configHelp('cluster'));
    return 0;
  }
  refuseSwallowedFlags('up', SWITCHES);
  const { on, rest } = takeSwitches(args, SWITCHES);
  const options = { preview: on.has('preview'), yes: on.has('yes'), policies: on.has('policy-pack') };
  const wish = readWish(rest);
  if (!options.preview && !options.yes) requireTerminal('up');
  const engine = openStack(wish);
  requireCluster(wish.config, engine);
  return exitCodeOf(await bringUp(wish, engine, options));
});
