import { Pace, type PaceOptions } from '../pace.ts';

/** Some milliseconds at most: who moved waits for the answer. */
const COMMANDS: PaceOptions = { msPerThousand: 12, mostMs: 8 };

/**
 * Lets commands leave together when many come: each write to Redis, each turn of its loop and each write to its disk
 * has a price of its own, whatever it carries.
 */
export class Gathering {
  readonly #pace: Pace;
  #leaving: Promise<void> | undefined;

  constructor(options: PaceOptions = COMMANDS) {
    this.#pace = new Pace(options);
  }

  /** Resolves when it is time to go; undefined when that is now. */
  turn(): Promise<void> | undefined {
    this.#pace.count();
    if (this.#leaving) return this.#leaving;
    const wait = this.#pace.waitMs;
    if (wait === 0) return undefined;
    this.#leaving = new Promise((resolve) => {
      setTimeout(() => {
        this.#leaving = undefined;
        resolve();
      }, wait);
    });
    return this.#leaving;
  }
}
