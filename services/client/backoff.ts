/** Exponential back-off with full jitter: each delay is random in [0, min(cap, base * 2^attempt)). */
export class Backoff {
  readonly #random: () => number;
  readonly #baseMs: number;
  readonly #capMs: number;
  #attempt = 0;

  constructor(random: () => number, baseMs: number, capMs: number) {
    this.#random = random;
    this.#baseMs = baseMs;
    this.#capMs = capMs;
  }

  /** The delay before the next attempt in milliseconds; the one after it may be twice as long. */
  next(): number {
    return Math.floor(this.#random() * Math.min(this.#capMs, this.#baseMs * 2 ** this.#attempt++));
  }

  /** The server said that it is overloaded: wait about four times as long as otherwise. */
  penalise(): void {
    this.#attempt += 2;
  }

  reset(): void {
    this.#attempt = 0;
  }
}
