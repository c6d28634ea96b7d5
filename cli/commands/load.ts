import { SCENARIOS } from '../../loadtest/scenarios/index.ts';
import { command, exits } from '../kit/command.ts';
import { decimal, duration, integer, oneOf } from '../kit/values.ts';
import connect from './load-connect.ts';

export default command('load', 'put a cluster under load with k6')
  .description('Puts a cluster under load with k6, and checks every guarantee. Exits 1 when one did not hold.')
  // Arguments after the name of a subcommand belong to it.
  .enablePositionalOptions()
  .addCommand(connect)
  .argument('<scenario>', `one of ${Object.keys(SCENARIOS).join(', ')}`, oneOf(Object.keys(SCENARIOS)))
  .option(
    '--target <name>',
    'local (the one of npm start), compose, kind, or an address such as wss://localhost:8443 (default: a separate ' +
      'cluster on free ports, which ends with the run)',
  )
  .option('--stack <name>', 'the stack of --target kind (default dev)')
  .option('--state-dir <dir>', 'the state directory of --target local or compose (default .gridlock)')
  .option('--ca <file>', 'the root to trust at an address')
  .option('--sockets <count>', 'sockets held in all', integer(4, 200_000))
  .option('--vus <count>', 'virtual users of k6 that hold them (default: one for every 100)', integer(1, 50_000))
  .option('--duration <time>', 'length of the run: 90s, 30m', duration('10s', '24h'))
  .option('--pace <rate>', 'moves a second of each active player', decimal(0.01, 20))
  .option('--replicas <count>', "replicas of the run's own cluster (default 4)", integer(1, 16))
  .option(
    '--design <name>',
    "stateless or stateful, for the run's own cluster (default stateless)",
    oneOf(['stateless', 'stateful']),
  )
  .option('--local-ips <range>', 'source addresses for k6; chosen automatically on loopback')
  .option('--out <dir>', 'where summary.json and report.html go (default load-results/<scenario>)')
  .addHelpText(
    'after',
    `\nScenarios:\n${Object.entries(SCENARIOS)
      .map(([name, { about }]) => `  ${name.padEnd(16)} ${about}`)
      .join('\n')}`,
  )
  .action(
    exits(async (scenario, options) => {
      const { load } = await import('../../loadtest/load/run.ts');
      return load(scenario, options);
    }),
  );
