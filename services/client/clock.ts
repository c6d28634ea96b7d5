/** A running timer; each runtime has its own kind. */
export type Timer = unknown;

/** Time in milliseconds. `now` counts from the Unix epoch, and runs evenly even when the clock is set. */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, delayMs: number): Timer;
  clearTimeout(timer: Timer): void;
}

/** Time that never goes back: when the platform's clock is set back, the step is ignored. */
export class SteadyClock implements Clock {
  readonly #clock: Clock;
  #seen: number;
  #now: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#now = this.#seen = clock.now();
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

const SAMPLES = 8;
/** Clocks drift apart, and are read in whole milliseconds. */
const TOLERANCE_MS = 20;
/** The longest time that a message is under way. */
const LONGEST_WAY_MS = 10_000;

interface Sample {
  readonly roundTripMs: number;
  readonly offsetMs: number;
}

/** The server's clock as estimated here: of the last pongs, the one with the shortest round trip is the most exact. */
export class ServerTime {
  #samples: Sample[] = [];
  #fallbackMs = 0;

  /** Server time minus local time in milliseconds. */
  get offsetMs(): number {
    const [first, ...rest] = this.#samples;
    if (!first) return this.#fallbackMs;
    return rest.reduce((best, sample) => (sample.roundTripMs <= best.roundTripMs ? sample : best), first).offsetMs;
  }

  /** A server time whose delay was not measured; used until the first pong. */
  hint(serverNow: number, localNow: number): void {
    this.#fallbackMs = serverNow - localNow;
    this.#keep(this.#fallbackMs, this.#fallbackMs + LONGEST_WAY_MS);
  }

  sample(serverNow: number, sentAt: number, receivedAt: number): void {
    const roundTripMs = Math.max(0, receivedAt - sentAt);
    this.#keep(serverNow - receivedAt, serverNow - receivedAt + roundTripMs);
    this.#samples.push({ roundTripMs, offsetMs: Math.round(serverNow + roundTripMs / 2 - receivedAt) });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  /**
   * The samples that agree with the newest one. When an older sample differs by more than its round trip, a clock was
   * set, or stood still while the machine slept.
   */
  #keep(leastMs: number, mostMs: number): void {
    this.#samples = this.#samples.filter(({ offsetMs, roundTripMs }) => {
      const errorMs = roundTripMs / 2 + TOLERANCE_MS;
      return offsetMs + errorMs >= leastMs && offsetMs - errorMs <= mostMs;
    });
  }
}
