import { command, exits } from '../kit/command.ts';
import { decimal, integer } from '../kit/values.ts';

export default command('rotation', 'measure a rotation of certificates under load')
  .description(
    'Starts a cluster, and plays on it while its certificates are rotated and its root is rolled over. Exits 1 when a ' +
      'player noticed: a socket was dropped, a handshake refused, or moves took longer than in the same run without ' +
      'rotation.',
  )
  .option('--sockets <count>', 'players, two in a game: an even number', integer(2, 3000), 1000)
  .option('--pace <rate>', 'moves a second of each player', decimal(0.1, 20), 0.5)
  .option('--leaf <count>', 'rotations of the leaf', integer(0, 10_000), 200)
  .option('--intermediate <count>', 'rotations of the intermediate', integer(0, 10_000), 20)
  .option('--every <ms>', 'from the start of one rotation to the start of the next', integer(10, 60_000), 1000)
  .option('--handshakes <rate>', 'new TLS handshakes a second, none of them resumed', integer(1, 200), 20)
  .option(
    '--max-ratio <times>',
    'highest ratio of the p99 of the moves to that without rotations',
    decimal(1, 100),
    1.1,
  )
  .option('--replicas <count>', 'game replicas', integer(1, 16), 4)
  .option('--json <file>', 'write the result there')
  .action(
    exits(async (options) => {
      const { runRotation } = await import('../../loadtest/rotation/run.ts');
      return runRotation(options);
    }),
  );
