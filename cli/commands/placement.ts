import { command, exits } from '../kit/command.ts';
import { integer, oneOf } from '../kit/values.ts';

export default command('placement', 'measure how sockets move to a new replica')
  .description(
    'Lets the last replica join a cluster under play, and prints how long its share of the sockets takes to arrive. Exits 1 ' +
      'when something was lost.',
  )
  .argument('[design]', 'stateless or stateful', oneOf(['stateless', 'stateful']), 'stateless' as const)
  .argument('[sockets]', 'players', integer(8, 20_000), 400)
  .argument('[replicas]', 'game replicas', integer(2, 16), 4)
  .action(
    exits(async (design, sockets, replicas) => {
      const { runPlacement } = await import('../../loadtest/placement/scale-out.ts');
      return runPlacement({ design, sockets, replicas });
    }),
  );
