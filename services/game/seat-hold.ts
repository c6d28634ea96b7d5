import { Refusal, type Actor, type GameAuthority } from './authority.ts';
import type { Logger } from './log.ts';

export interface SeatHoldOptions {
  readonly authority: Pick<GameAuthority, 'leave'>;
  /** Milliseconds that a player who is cut off has to come back. */
  readonly holdMs: number;
  readonly log: Logger;
}

/**
 * Keeps the seats of a player whose connection ended, for a while: then one in a game that still waits is given up, so
 * that nobody waits for who closed the page. Whoever came back on a newer socket is not touched, as the game refuses
 * what an older one does; nor is a seat in a game that has begun, which stays with its player.
 */
export class SeatHold {
  readonly #options: SeatHoldOptions;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: SeatHoldOptions) {
    this.#options = options;
  }

  /** `connection` names the socket that ended. */
  release(actor: Actor, connection: string, games: Iterable<string>): void {
    const codes = [...games];
    if (codes.length === 0) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      for (const game of codes) void this.#leave(actor, `gone-${connection}`, game);
    }, this.#options.holdMs);
    this.#timers.add(timer);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #leave(actor: Actor, id: string, game: string): Promise<void> {
    const { authority, log } = this.#options;
    try {
      await authority.leave(actor, id, game);
    } catch (error) {
      // Superseded: the player came back. Not found, not a player: there is no seat any more.
      const expected = error instanceof Refusal && error.code !== 'unavailable';
      if (!expected) log.warn({ game, player: actor.player.id, reason: (error as Error).message }, 'a seat is kept');
    }
  }
}
