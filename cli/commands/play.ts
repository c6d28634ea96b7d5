import { command, exits } from '../kit/command.ts';
import { integer } from '../kit/values.ts';

export default command('play', 'play games and check that no move is lost')
  .description('Plays games to their end, two players each, and checks that no acknowledged move is lost.')
  .option('--stack <name>', 'against the cluster of a stack; without it, the one that gridlock start brought up')
  .option('--url <url>', 'against the cluster at an address')
  .option('--ca <file>', 'the root to trust')
  .option('--games <count>', 'number of games, all at once', integer(1, 1000), 1)
  .action(
    exits(async ({ games, ...target }) => {
      const { play } = await import('../../infra/play/play.ts');
      return play(target, games);
    }),
  );
