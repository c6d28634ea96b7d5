import { Pace, type PaceOptions } from '../pace.ts';

/** Some milliseconds at most: who moved waits for the answer. */
const COMMANDS: PaceOptions = { msPerThousand: 20, mostMs: 16 };

/**
 * Lets commands leave together when many come: each write to Redis, each turn of its loop and each write to its disk
 * has a price of its own, whatever it carries.
 *
 * They leave at even times of the clock, so that those of all replicas come to Redis about together: it then wakes up,
 * writes to its disk and announces once for all of them, and each replica wakes up once to hear it.
 */
export class Gathering {
  readonly #pace: Pace;
  readonly #now: () => number;
  #leaving: Promise<void> | undefined;

  /** `now` in milliseconds since the Unix epoch; how exact it is costs time at worst. */
  constructor(options: PaceOptions = COMMANDS, now: () => number = Date.now) {
    this.#pace = new Pace(options);
    this.#now = now;
  }

  /** Resolves when it is time to go; undefined when that is now. */
  turn(): Promise<void> | undefined {
    this.#pace.count();
    if (this.#leaving) return this.#leaving;
    const wait = untilEven(this.#now(), this.#pace.waitMs);
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

/**
 * The milliseconds until the next multiple of the greatest power of two within `most`, which whoever has another pace
 * meets at least every other time; 0 when `most` is.
 */
export function untilEven(now: number, most: number): number {
  if (most < 1) return 0;
  const period = 2 ** Math.floor(Math.log2(most));
  return period - (Math.floor(now) % period);
}
