import type { Connection } from './connection.ts';

/** The open connections of this replica. */
export class Sockets {
  readonly #all = new Set<Connection>();
  readonly #ofPlayer = new Map<string, Set<Connection>>();

  get size(): number {
    return this.#all.size;
  }

  add(connection: Connection): void {
    this.#all.add(connection);
    const { id } = connection.player;
    const own = this.#ofPlayer.get(id) ?? new Set();
    this.#ofPlayer.set(id, own.add(connection));
  }

  delete(connection: Connection): void {
    this.#all.delete(connection);
    const { id } = connection.player;
    const own = this.#ofPlayer.get(id);
    own?.delete(connection);
    if (own?.size === 0) this.#ofPlayer.delete(id);
  }

  ofPlayer(player: string): Connection[] {
    return [...(this.#ofPlayer.get(player) ?? [])];
  }

  all(): Connection[] {
    return [...this.#all];
  }
}
