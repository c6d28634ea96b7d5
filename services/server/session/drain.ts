import type { Sockets } from './connection-set.ts';

/**
 * Sends the clients away: each is told when to come back, and the sockets are closed in random order, spread
 * over `windowMs`, so that the other replicas do not get all handshakes at once.
 */
export async function drainSockets(sockets: Sockets, windowMs: number, random: () => number = Math.random) {
  await Promise.all(
    sockets.all().map(async (connection) => {
      const reconnectAfterMs = Math.round(random() * Math.min(windowMs, 1000));
      connection.send({ type: 'going_away', reconnectAfterMs });
      await new Promise((resolve) => setTimeout(resolve, random() * windowMs));
      connection.close('serviceRestart');
    }),
  );
}
