import { SIZES } from '../../loadtest/bench/sizes.ts';
import { GRIDLOCK, ON_REQUEST } from '../../loadtest/bench/systems/gridlock.ts';
import { PEERS } from '../../loadtest/bench/systems/peers.ts';
import { COMPARED, WORKLOADS } from '../../loadtest/bench/systems/system.ts';
import { command, exits } from '../kit/command.ts';
import { decimal, existingFile, integer, oneOf } from '../kit/values.ts';

const { full } = SIZES;

export default command('bench', 'compare with other real-time servers')
  .description(
    'Measures Gridlock and its peers in one run on this machine: each behind the same edge with the same TLS, the same ' +
      'workload from the same generator. Prints a table and writes it, with every measurement, to a directory. Exits 1 ' +
      'when something was not measured.',
  )
  .option(
    '--only <names>',
    `systems to measure, separated by commas; a part of a name stands for all that contain it: ` +
      `${[...GRIDLOCK, ...PEERS].map(({ name }) => name).join(', ')}; and, not measured unless they are named, ` +
      ON_REQUEST.map(({ name }) => name).join(', '),
  )
  .option(
    '--workload <names>',
    `of ${WORKLOADS.join(', ')}, separated by commas; or all, which is the first ${COMPARED.length}. curve is latency and CPU ` +
      'by deliveries a second, growth CPU by rooms, members and idle sockets, soak memory over minutes; each with a picture',
    'all',
  )
  .option(
    '--size <name>',
    `full (${full.players} players, about 35 minutes) or tiny`,
    oneOf(['full', 'tiny']),
    'full' as const,
  )
  .option('--players <count>', `players, a multiple of four (default ${full.players})`, integer(4, 40_000))
  .option('--games <count>', 'games; the players are four times as many', integer(1, 10_000))
  .option('--rate <number>', `moves a second of each player (default ${full.rate})`, decimal(0.1, 15))
  .option('--repetitions <count>', `how often each system is measured (default ${full.repetitions})`, integer(1, 100))
  .option('--seconds <count>', `seconds of the measurement at each rate (default ${full.seconds})`, decimal(0.5, 600))
  .option('--minutes <count>', `minutes of the soak (default ${full.soak.minutes})`, decimal(0.1, 1440))
  .option('--centrifugo <path>', 'a Centrifugo binary (version 6), measured too', existingFile)
  .option('--out <dir>', 'where the result is written', '.artifacts/bench')
  .action(
    exits(async (options) => {
      const { runBench } = await import('../../loadtest/bench/run.ts');
      return runBench(options);
    }),
  );
