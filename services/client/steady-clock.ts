import type { Clock, Timer } from './platform.ts';

/** Time that never goes back, whatever the machine's clock is set to; `now` counts from anywhere. */
export class SteadyClock implements Clock {
  readonly #clock: Clock;
  #seen: number;
  #now = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#seen = clock.now();
  }

  now(): number {
    const seen = this.#clock.now();
    this.#now += Math.max(0, seen - this.#seen);
    this.#seen = seen;
    return this.#now;
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    return this.#clock.setTimeout(callback, delayMs);
  }

  clearTimeout(timer: Timer): void {
    this.#clock.clearTimeout(timer);
  }
}
