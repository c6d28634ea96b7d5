import type { Logger } from '../ops/log.ts';

/** Both clocks are read in whole milliseconds, rounded down. */
const SLACK_MS = 2;

/** An estimate of Redis's clock, so that replicas whose clocks differ agree on when a game ends. */
export class StoreClock {
  #offset = 0;
  #roundTrip = Number.POSITIVE_INFINITY;

  /** Milliseconds since the Unix epoch. */
  now(): number {
    return Math.round(Date.now() + this.#offset);
  }

  /** Learns from an answer with Redis's time. The quickest answer is the most exact. */
  observe(storeNow: number, sentAt: number, receivedAt: number): void {
    const roundTrip = receivedAt - sentAt;
    // The clock of this machine was set back meanwhile.
    if (roundTrip < 0) return;
    // The estimate has become impossible: a clock was set, and any answer is better.
    const isRefuted = this.#offset < storeNow - receivedAt - SLACK_MS || this.#offset > storeNow - sentAt + SLACK_MS;
    if (isRefuted) this.#roundTrip = Number.POSITIVE_INFINITY;
    // The estimate ages because clocks drift, so a slower answer counts after a while.
    this.#roundTrip += 0.1;
    if (roundTrip > this.#roundTrip) return;
    this.#roundTrip = roundTrip;
    this.#offset = storeNow - (sentAt + receivedAt) / 2;
  }
}

const RETRY_MS = 500;
/** A clock that was wrong when the game began is corrected soon: the end is computed again this often. */
const RECKON_MS = 5000;

/**
 * Ends games in time. Every replica with a player of a game arms it, so that the game ends as long as one of them
 * lives. The first call after time is up ends the game.
 */
export class GameClock {
  readonly #now: () => number;
  /** Ends a game if its time is up; resolves with the milliseconds left. */
  readonly #finish: (game: string) => Promise<number>;
  readonly #log: Logger;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #isStopped = false;

  constructor(now: () => number, finish: (game: string) => Promise<number>, log: Logger) {
    this.#now = now;
    this.#finish = finish;
    this.#log = log;
  }

  arm(game: string, endsAt: number): void {
    const left = endsAt - this.#now();
    if (left <= RECKON_MS) this.#set(game, left, (timer) => void this.#fire(game, timer));
    else this.#set(game, RECKON_MS, () => this.arm(game, endsAt));
  }

  disarm(game: string): void {
    clearTimeout(this.#timers.get(game));
    this.#timers.delete(game);
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #set(game: string, wait: number, then: (timer: NodeJS.Timeout) => void): void {
    // A request in flight when the replica stopped may still arm a game.
    if (this.#isStopped) return;
    clearTimeout(this.#timers.get(game));
    const timer = setTimeout(() => then(timer), Math.max(wait, 0));
    this.#timers.set(game, timer);
  }

  async #fire(game: string, timer: NodeJS.Timeout): Promise<void> {
    let again: number | undefined;
    try {
      const left = await this.#finish(game);
      if (left > 0) again = left + 1;
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      // The game has not begun: its start was lost with the end of the history, and the next start arms it again.
      if (code === 'game_not_found' || code === 'game_not_active') return this.#forget(game, timer);
      this.#log.warn({ game, reason: message }, 'a game could not be ended yet');
      again = RETRY_MS;
    }
    if (this.#timers.get(game) !== timer) return;
    if (again === undefined) this.#forget(game, timer);
    else this.#set(game, again, (next) => void this.#fire(game, next));
  }

  #forget(game: string, timer: NodeJS.Timeout): void {
    if (this.#timers.get(game) === timer) this.#timers.delete(game);
  }
}
