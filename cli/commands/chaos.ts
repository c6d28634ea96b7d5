import { SERVER_KEYS } from '../../infra/config/server-keys.ts';
import { FAULTS } from '../../loadtest/chaos/faults.ts';
import { USER_FAULTS } from '../../loadtest/chaos/user-server/faults.ts';
import { APPS_UNDER_TEST } from '../../loadtest/kit/apps/index.ts';
import { command, exits } from '../kit/command.ts';
import { decimal, integer, oneOf, several } from '../kit/values.ts';

const NAMES = [...new Set([...FAULTS, ...USER_FAULTS].map(({ name }) => name))];
const anyText = (text: string): string => text;

const DRAIN_SIGNALS = SERVER_KEYS.drainSignal.allowed.split(' or ');
const listed = (faults: readonly { name: string; about: string }[]): string =>
  faults.map(({ name, about }) => `  ${name.padEnd(20)} ${about}`).join('\n');

export default command('chaos', 'play while processes die, hang or misbehave')
  .description(
    'Starts a cluster of four replicas and plays on it while a part of it dies, hangs or misbehaves, round after round. ' +
      'Then it compares the histories of all players with each other, with their acknowledged commands and with the ' +
      'state that a new client sees. Prints a table, and removes the cluster. Exits 1 when an event was lost, ' +
      'duplicated or left out, or a round proved nothing. With --command or --target it holds sockets to your own server instead, and lets faults strike that. It ' +
      'then exits 1 when the fault does not explain all dropped sockets, a copy that was asked to end dropped some ' +
      'without a close frame, or a socket did not come back.',
  )
  .option(
    '--rounds <count>',
    'rounds in all, divided evenly among applications, designs and faults (default 22 of each application)',
    integer(1, 10_000),
  )
  .option('--app <name>', 'application: grid, counter or both (default grid)', oneOf([...APPS_UNDER_TEST, 'both']))
  .option('--design <name>', 'stateless, stateful or both (default both)', oneOf(['stateless', 'stateful', 'both']))
  .option('--fault <name>', 'only this fault; may be given several times (default all)', several(oneOf(NAMES)))
  .option('--players <count>', 'players of each of the two rooms, on different replicas (default 4)', integer(2, 4))
  .option('--seed <number>', 'seed of another run, to repeat its targets, durations and moves', integer(0, 2 ** 32 - 1))
  .option('--json <file>', 'write the table and its seed there')
  .option(
    '--clients <count>',
    'measure instead how long this many clients, a multiple of 4, take to resume after SIGKILL of one of four ' +
      'replicas; --rounds is the number of kills (default 3)',
    integer(4, 4000),
  )
  .option('--command <command>', 'a server of your own: copies of it behind an edge, as npm start --command runs them')
  .option('--target <address>', 'a server of your own that runs already: wss://localhost:8443/ws')
  .option('--path <path>', 'with --command: the path of its sockets, such as /ws?room={n} (default /)')
  .option('--replicas <count>', 'with --command: how many copies (default 3)', integer(2, 16))
  .option('--sticky <kind>', 'with --command: cookie, source, header:NAME, query:NAME or none (default cookie)')
  .option('--health-path <path>', 'with --command: a copy is up when this answers 2xx or 3xx')
  .option(
    '--drain-signal <signal>',
    'signal that asks a copy of your server to end (default SIGTERM)',
    oneOf(DRAIN_SIGNALS),
  )
  .option('--state-dir <dir>', 'with --target: of the npm start that runs there (default .gridlock)')
  .option('--strike <command>', 'with --target: a shell command that is the fault: "kubectl delete pod chat-0"')
  .option('--ca <file>', 'with --target: the root to trust (default those of Node.js)')
  .option('--sockets <count>', 'to your server: sockets held in each round (default 60)', integer(1, 10_000))
  .option('--ping <text>', 'to your server: what each socket sends; {n} is its number')
  .option('--expect <text>', 'to your server: what the answer contains (default the text of --ping)')
  .option('--pace <rate>', 'to your server: how often a second each socket sends it (default 5)', decimal(0.01, 100))
  .option(
    '--header <header>',
    'to your server: a header of the handshake; may be given several times',
    several(anyText),
  )
  .addHelpText('after', `\nFaults:\n${listed(FAULTS)}\n\nFaults of your own server:\n${listed(USER_FAULTS)}`)
  .action(
    exits(async (options) => {
      const { runChaos } = await import('../../loadtest/chaos/run.ts');
      return runChaos(options);
    }),
  );
