import { command, exits } from '../kit/command.ts';
import { integer, oneOf } from '../kit/values.ts';

const count = integer(1, 1_000_000);

export default command('transports', 'compare the three transports')
  .description('Measures the three transports through the edge and prints a table in Markdown.')
  .option('--seconds <count>', 'seconds of play for each transport', count, 10)
  .option('--games <count>', 'games of two players each', count, 10)
  .option('--interval-ms <ms>', 'time between two moves of a player', count, 200)
  .option('--idle <count>', 'connections that do nothing', count, 50)
  .option('--idle-seconds <count>', 'seconds for which the idle connections are watched', count, 20)
  .option('--design <name>', 'stateless or stateful', oneOf(['stateless', 'stateful']), 'stateless' as const)
  .action(
    exits(async (options) => {
      const { runTransports } = await import('../../loadtest/transports/run.ts');
      return runTransports(options);
    }),
  );
