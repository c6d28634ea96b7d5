import { command, exits } from '../kit/command.ts';
import { decimal, duration, integer, several } from '../kit/values.ts';

const anyText = (text: string): string => text;

/** Of `load`: sockets to any server. */
export default command('connect', 'hold sockets to any WebSocket server, and count what is dropped')
  .description(
    'Opens sockets to any WebSocket server and holds them; with --ping, each sends a text at a fixed rate and waits ' +
      'for the echo. A dropped socket reconnects. Reports what was opened, failed and dropped, and how long it took. Exits 1 ' +
      'when something failed, was dropped or went unanswered. {n} in the target, a header or a text is the number of the ' +
      'socket. Needs no k6.',
  )
  .option('--target <address>', 'an address such as wss://localhost:8443/ws')
  .option('--ca <file>', 'the root to trust (default those of Node.js)')
  .option('--sockets <count>', 'sockets held in all', integer(1, 100_000), 200)
  .option('--seconds <time>', 'length of the run: 30, 90s, 30m', duration('1s', '24h'), 30)
  .option('--ramp <time>', 'time over which they are opened (default a tenth of the run)', duration('0s', '24h'))
  .option('--ping <text>', 'what each socket sends')
  .option('--expect <text>', 'what the answer to it contains (default the text of --ping)')
  .option('--pace <rate>', 'how often a second each sends it (default 1)', decimal(0.01, 100))
  .option(
    '--header <header>',
    'a header of the handshake: "X-User: user-{n}"; may be given several times',
    several(anyText),
  )
  .option('--out <dir>', 'where summary.json goes (default load-results/connect)')
  .action(
    exits(async (options) => {
      const { connect } = await import('../../loadtest/connect/run.ts');
      return connect(options);
    }),
  );
