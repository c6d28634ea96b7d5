import { Argument } from '@commander-js/extra-typings';
import { PROFILES } from '../../infra/setup/run.mjs';
import { command, exits } from '../kit/command.ts';

export default command('setup', 'install what a command needs, and run nothing')
  .description(
    'Installs npm packages, programs of the system and pinned tools. Every command does so by itself for what it needs.',
  )
  .addArgument(
    new Argument('[profile]', 'for what: start (a local cluster), cluster (Kubernetes), load, test or all')
      .choices(PROFILES)
      .default('start' as const),
  )
  .action(
    exits((profile) => {
      // The bootstrap has run the set-up before this.
      process.stdout.write(`The set-up for ${profile} is complete.\n`);
      return 0;
    }),
  );
