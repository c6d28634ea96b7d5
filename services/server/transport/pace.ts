/** How often the rate is taken. */
const WINDOW_MS = 100;
/** Waiting for less than this saves nothing. */
const LEAST_MS = 2;

export interface PaceOptions {
  /** Milliseconds to wait for each thousand a second that come. */
  readonly msPerThousand: number;
  readonly mostMs: number;
}

/**
 * How long to gather before a step whose price is the same for one and for many: the busier it is, the more is saved
 * by waiting, and the longer the wait. While little happens there is none.
 */
export class Pace {
  readonly #options: PaceOptions;
  #count = 0;
  #since: number;
  #perSecond = 0;

  constructor(options: PaceOptions, now = performance.now()) {
    this.#options = options;
    this.#since = now;
  }

  /** One more came. `now` in milliseconds by `performance.now()`. */
  count(now = performance.now()): void {
    this.#count += 1;
    const elapsed = now - this.#since;
    if (elapsed < WINDOW_MS) return;
    const perSecond = (this.#count * 1000) / elapsed;
    // After a pause what was before says nothing.
    this.#perSecond = elapsed > 10 * WINDOW_MS ? perSecond : (this.#perSecond + perSecond) / 2;
    [this.#count, this.#since] = [0, now];
  }

  /** Milliseconds to gather before the next step. */
  get waitMs(): number {
    const { msPerThousand, mostMs } = this.#options;
    const wait = Math.min(mostMs, (this.#perSecond / 1000) * msPerThousand);
    return wait < LEAST_MS ? 0 : wait;
  }
}
