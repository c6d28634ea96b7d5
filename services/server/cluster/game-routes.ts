interface Routed<Connection> {
  readonly sockets: Set<Connection>;
  newest: number;
}

/** The sockets that the edge sent here because of a game, which their address names. */
export class GameRoutes<Connection> {
  readonly #games = new Map<string, Routed<Connection>>();
  readonly #gameOf = new Map<Connection, string>();

  /** `at` in milliseconds by Redis's clock. */
  add(connection: Connection, game: string, at: number): void {
    const routed = this.#games.get(game) ?? { sockets: new Set(), newest: at };
    routed.sockets.add(connection);
    routed.newest = Math.max(routed.newest, at);
    this.#games.set(game, routed);
    this.#gameOf.set(connection, game);
  }

  delete(connection: Connection): void {
    const game = this.#gameOf.get(connection);
    if (game === undefined) return;
    this.#gameOf.delete(connection);
    const routed = this.#games.get(game)!;
    routed.sockets.delete(connection);
    if (routed.sockets.size === 0) this.#games.delete(game);
  }

  get games(): string[] {
    return [...this.#games.keys()];
  }

  isRouted(connection: Connection): boolean {
    return this.#gameOf.has(connection);
  }

  of(game: string): Connection[] {
    return [...(this.#games.get(game)?.sockets ?? [])];
  }

  /** When the edge last sent one of the open sockets here for this game. */
  newest(game: string): number | undefined {
    return this.#games.get(game)?.newest;
  }
}
