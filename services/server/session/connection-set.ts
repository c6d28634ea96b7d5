import type { Transport } from '../../protocol/index.ts';
import type { Connection } from './connection.ts';

/** The open connections of this replica. */
export class ConnectionSet {
  readonly #all = new Set<Connection>();
  /** Nearly always one, for which a set would be large. */
  readonly #ofPlayer = new Map<string, readonly Connection[]>();
  readonly #ofTransport = new Map<Transport, number>();

  get size(): number {
    return this.#all.size;
  }

  add(connection: Connection): void {
    this.#all.add(connection);
    this.#change(connection.transport, 1);
    const { id } = connection.player;
    this.#ofPlayer.set(id, [...(this.#ofPlayer.get(id) ?? []), connection]);
  }

  delete(connection: Connection): void {
    if (this.#all.delete(connection)) this.#change(connection.transport, -1);
    const { id } = connection.player;
    const others = this.#ofPlayer.get(id)?.filter((own) => own !== connection) ?? [];
    if (others.length === 0) this.#ofPlayer.delete(id);
    else this.#ofPlayer.set(id, others);
  }

  /** Those that come by a transport. */
  count(transport: Transport): number {
    return this.#ofTransport.get(transport) ?? 0;
  }

  ofPlayer(player: string): Connection[] {
    return [...(this.#ofPlayer.get(player) ?? [])];
  }

  /** All connections, without a copy, for callers that only read. */
  values(): Iterable<Connection> {
    return this.#all.values();
  }

  all(): Connection[] {
    return [...this.#all];
  }

  #change(transport: Transport, by: number): void {
    this.#ofTransport.set(transport, this.count(transport) + by);
  }
}

/**
 * Sends the clients away: each is told when to come back, and the sockets are closed in random order, spread
 * over `windowMs`, so that the other replicas do not get all handshakes at once.
 */
export async function drainSockets(sockets: ConnectionSet, windowMs: number, random: () => number = Math.random) {
  await Promise.all(
    sockets.all().map(async (connection) => {
      const reconnectAfterMs = Math.round(random() * Math.min(windowMs, 1000));
      connection.send({ type: 'going_away', reconnectAfterMs });
      await new Promise((resolve) => setTimeout(resolve, random() * windowMs));
      connection.close('serviceRestart');
    }),
  );
}
