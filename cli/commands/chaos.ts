import { FAULTS } from '../../loadtest/chaos/faults.ts';
import { APPS_UNDER_TEST } from '../../loadtest/kit/apps/index.ts';
import { command, exits } from '../kit/command.ts';
import { integer, oneOf, several } from '../kit/values.ts';

const NAMES = FAULTS.map(({ name }) => name);

export default command('chaos', 'play while processes die, hang and go wrong')
  .description(
    'Brings a cluster of four replicas up and plays on it while something of it dies, hangs or goes wrong, round after ' +
      'round. Then the histories of all players are compared with each other, with what was acknowledged to them and ' +
      'with what a stranger sees. Prints a table; the cluster is ended and removed afterwards. Exits 1 when something ' +
      'was lost, doubled or left out, or a round proved nothing.',
  )
  .option(
    '--rounds <count>',
    'rounds in all, shared out evenly to applications, designs and faults (default 22 of each application)',
    integer(1, 10_000),
  )
  .option('--app <name>', 'what is played: grid, counter or both', oneOf([...APPS_UNDER_TEST, 'both']), 'grid' as const)
  .option('--design <name>', 'stateless, stateful or both', oneOf(['stateless', 'stateful', 'both']), 'both' as const)
  .option('--fault <name>', 'only this fault; may be given several times (default all)', several(oneOf(NAMES)))
  .option('--players <count>', 'players of each of the two rooms, each on another replica', integer(2, 4), 4)
  .option('--seed <number>', 'repeats targets, moments and moves of another run', integer(0, 2 ** 32 - 1))
  .option('--json <file>', 'write the table and its seed there')
  .option(
    '--clients <count>',
    'measure instead how long it takes until so many clients, a multiple of 4, are resumed after SIGKILL of one of ' +
      'four replicas; --rounds tells how many kills (default 3)',
    integer(4, 4000),
  )
  .addHelpText('after', `\nFaults:\n${FAULTS.map(({ name, about }) => `  ${name.padEnd(20)} ${about}`).join('\n')}`)
  .action(
    exits(async (options) => {
      const { runChaos } = await import('../../loadtest/chaos/run.ts');
      return runChaos(options);
    }),
  );
