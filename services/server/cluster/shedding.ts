import type { CloseName, ServerMessage } from '../../protocol/index.ts';

/** The time over which sockets are closed, so that the other replicas get the handshakes one by one. */
const SPREAD_MS = 1000;
/** The time within which a client that was sent away comes back. */
const RECONNECT_MS = 200;
/** How long to wait for the answer to a request before a socket is closed. */
const BUSY_MS = 500;
const BUSY_LOOK_MS = 20;
/** How long a player who came back to the same replica is left alone. */
const LEAVE_ALONE_MS = 300_000;

/** The part of a connection that shedding needs. */
export interface Sheddable {
  readonly player: { readonly id: string };
  readonly isOpen: boolean;
  /** Whether one of its requests is pending. */
  readonly isBusy: boolean;
  send(message: ServerMessage): void;
  close(name: CloseName): void;
}

export interface SheddingOptions {
  /** At least 0, below 1. */
  readonly random?: () => number;
  readonly onShed?: (why: Why) => void;
  /** How many are about to be sent away. */
  readonly onBegin?: (count: number, why: Why) => void;
}

/**
 * Why sockets are sent away: the replica has more than its share; to see where the edge sends the game now; another
 * replica holds the game now; an operator asked.
 */
export type Why = 'mean' | 'probe' | 'moved' | 'asked';

/** Sends single clients to another replica while this one stays. They resume there, so that they lose nothing. */
export class Shedding<Connection extends Sheddable> {
  readonly #options: SheddingOptions;
  readonly #random: () => number;
  readonly #asked = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: SheddingOptions = {}) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /** Connections that will be gone within the next second. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Up to `count` of these in random order: idle connections that were not sent away lately. */
  choose(connections: readonly Connection[], count: number): Connection[] {
    this.#forget();
    const movable = connections.filter(
      (connection) => connection.isOpen && !this.#asked.has(connection.player.id) && !connection.isBusy,
    );
    const chosen: Connection[] = [];
    while (chosen.length < count && movable.length > 0) {
      const at = Math.floor(this.#random() * movable.length);
      chosen.push(movable[at]!);
      movable[at] = movable.at(-1)!;
      movable.pop();
    }
    return chosen;
  }

  /** Sends these away within the next second. */
  shed(connections: readonly Connection[], why: Why): void {
    if (connections.length > 0) this.#options.onBegin?.(connections.length, why);
    for (const connection of connections) {
      // Moves the connection behind those that were asked before, even if it was among them.
      this.#asked.delete(connection.player.id);
      this.#asked.set(connection.player.id, performance.now());
      this.#later(() => this.#sendAway(connection, why, performance.now() + BUSY_MS), this.#random() * SPREAD_MS);
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #sendAway(connection: Connection, why: Why, deadline: number): void {
    if (!connection.isOpen) return;
    if (connection.isBusy && performance.now() < deadline) {
      return this.#later(() => this.#sendAway(connection, why, deadline), BUSY_LOOK_MS);
    }
    const reconnectAfterMs = Math.round(this.#random() * RECONNECT_MS);
    connection.send({ type: 'going_away', reconnectAfterMs, rebalance: true });
    connection.close('serviceRestart');
    this.#options.onShed?.(why);
  }

  #later(task: () => void, delayMs: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      task();
    }, delayMs);
    this.#timers.add(timer);
  }

  #forget(): void {
    const before = performance.now() - LEAVE_ALONE_MS;
    for (const [player, at] of this.#asked) {
      // In the order in which the clients were asked.
      if (at > before) return;
      this.#asked.delete(player);
    }
  }
}
