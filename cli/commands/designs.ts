import { command, exits } from '../kit/command.ts';
import { integer, oneOf } from '../kit/values.ts';

export default command('designs', 'compare the two designs')
  .description(
    'Starts both designs one after the other, measures them under the same play, and prints a Markdown table. ' +
      'Exits 1 when something was lost.',
  )
  .option('--games <count>', 'games', integer(1, 500), 25)
  .option('--players <count>', 'players of each game', integer(2, 8), 4)
  .option('--move <ms>', 'time between two moves of a player', integer(50, 60_000), 1000)
  .option('--seconds <count>', 'how long moves are measured', integer(2, 120), 15)
  .option('--idle <count>', 'connections that do nothing', integer(50, 20_000), 400)
  .option('--replicas <count>', 'game replicas', integer(2, 16), 4)
  .option('--design <name>', 'only this one: stateless or stateful', oneOf(['stateless', 'stateful']))
  .option('--json <file>', 'write the figures there')
  .action(
    exits(async (options) => {
      const { runDesigns } = await import('../../loadtest/designs/run.ts');
      return runDesigns(options);
    }),
  );
