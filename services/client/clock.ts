/** A running timer; each runtime has its own kind. */
export type Timer = unknown;

/** Time in milliseconds; `now` counts from the Unix epoch. */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, delayMs: number): Timer;
  clearTimeout(timer: Timer): void;
}

/** Time that never goes back: where the clock of the platform is set back, that step is left out. */
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

/** The server's clock as seen from here: of the last pongs, the one with the shortest round trip errs least. */
export class ServerTime {
  #samples: { roundTripMs: number; offsetMs: number }[] = [];
  #fallbackMs = 0;

  /** Server time minus local time in milliseconds. */
  get offsetMs(): number {
    const [first, ...rest] = this.#samples;
    if (!first) return this.#fallbackMs;
    return rest.reduce((best, sample) => (sample.roundTripMs <= best.roundTripMs ? sample : best), first).offsetMs;
  }

  /** A time of the server whose way here was not measured: used until a pong came. */
  hint(serverNow: number, localNow: number): void {
    this.#fallbackMs = serverNow - localNow;
  }

  sample(serverNow: number, sentAt: number, receivedAt: number): void {
    const roundTripMs = Math.max(0, receivedAt - sentAt);
    this.#samples.push({ roundTripMs, offsetMs: Math.round(serverNow + roundTripMs / 2 - receivedAt) });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }
}
