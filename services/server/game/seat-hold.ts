import { type GameAuthority, Refusal, type SocketActor } from '../authority/game-authority.ts';
import type { Logger } from '../ops/log.ts';

/**
 * How often and for how long freeing a seat is retried while Redis does not answer. After that its game has expired.
 */
const RETRY_MS = 5000;
const GIVE_UP_MS = 3_600_000;

/** Seats to free after this many milliseconds, as one replica hands them to another. */
export interface HeldSeats {
  readonly actor: SocketActor;
  readonly connection: string;
  readonly games: readonly string[];
  readonly leftMs: number;
}

interface Pending extends HeldSeats {
  /** When to free the seat, by `performance.now()`. */
  readonly due: number;
}

export interface SeatHoldOptions {
  readonly authority: Pick<GameAuthority, 'leave'>;
  /** Milliseconds that a player who is cut off has to come back. */
  readonly holdMs: number;
  readonly log: Logger;
}

/**
 * Keeps the seats of a player whose connection ended, for a while. A seat in a game that still waits is then given up, so
 * that nobody waits for a player who closed the page. A player who came back on a newer socket keeps it, because the game
 * refuses what an older socket does. A seat in a game that has begun stays with its player.
 */
export class SeatHold {
  readonly #options: SeatHoldOptions;
  readonly #pending = new Map<NodeJS.Timeout, Pending>();
  #isStopped = false;

  constructor(options: SeatHoldOptions) {
    this.#options = options;
  }

  /** `connection` names the socket that ended. */
  release({ player, generation }: SocketActor, connection: string, games: Iterable<string>): void {
    const codes = [...games];
    if (codes.length === 0) return;
    this.take({ actor: { player, generation }, connection, games: codes, leftMs: this.#options.holdMs });
  }

  /** Continues the holds of this replica, or of a replica that leaves. */
  take(seats: HeldSeats): void {
    if (this.#isStopped) return;
    const due = performance.now() + seats.leftMs;
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      for (const game of seats.games) void this.#leave(seats, game, due);
    }, seats.leftMs);
    this.#pending.set(timer, { ...seats, due });
  }

  /** Releases all seats and returns them, so that another replica can continue. */
  handOver(): HeldSeats[] {
    const now = performance.now();
    const seats = [...this.#pending.values()].map(({ due, ...held }) => ({ ...held, leftMs: Math.max(0, due - now) }));
    this.stop();
    return seats;
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#pending.keys()) clearTimeout(timer);
    this.#pending.clear();
  }

  async #leave(seats: HeldSeats, game: string, since: number): Promise<void> {
    const { authority, log } = this.#options;
    const { actor, connection } = seats;
    try {
      await authority.leave(actor, `gone-${connection}`, game);
    } catch (error) {
      // `superseded`: the player came back. `game_not_found` or `not_a_player`: there is no seat any more.
      if (this.#isStopped || (error instanceof Refusal && error.code !== 'unavailable')) return;
      log.warn({ game, player: actor.player.id, reason: (error as Error).message }, 'a seat is kept for now');
      if (performance.now() - since > GIVE_UP_MS) return;
      const timer = setTimeout(
        () => {
          this.#pending.delete(timer);
          void this.#leave(seats, game, since);
        },
        Math.min(RETRY_MS, this.#options.holdMs),
      );
      this.#pending.set(timer, { ...seats, games: [game], due: 0 });
    }
  }
}
