import type { Clock, Timer } from './clock.ts';

interface HeartbeatHandlers {
  ping(): void;
  /** Nothing was heard for two intervals, though asked. */
  dead(): void;
}

/** Whatever a server asks for, in milliseconds. */
const MIN_INTERVAL = 50;

/** Sends a ping each interval, measures the round trip, and tells when the peer went silent. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #handlers: HeartbeatHandlers;
  #timer: Timer;
  #intervalMs = 0;
  #lastHeardAt = 0;
  #nextPingAt = 0;
  /** When the first ping went out that nothing was heard after. */
  #askedAt: number | undefined;

  constructor(clock: Clock, random: () => number, handlers: HeartbeatHandlers) {
    this.#clock = clock;
    this.#random = random;
    this.#handlers = handlers;
  }

  /** Pings at once, so that the round trip is known, and then at a random phase: many clients may start together. */
  start(intervalMs: number): void {
    this.stop();
    this.#intervalMs = Math.max(MIN_INTERVAL, intervalMs);
    this.heard();
    this.#ping(this.#intervalMs * this.#random());
    this.#arm();
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** To be called for each frame. */
  heard(): void {
    this.#lastHeardAt = this.#clock.now();
    this.#askedAt = undefined;
  }

  #tick(): void {
    const now = this.#clock.now();
    if (now >= this.#deadAt()) return this.#handlers.dead();
    if (now >= this.#nextPingAt) this.#ping(this.#intervalMs);
    this.#arm();
  }

  #ping(nextInMs: number): void {
    const now = this.#clock.now();
    this.#nextPingAt = now + nextInMs;
    this.#askedAt ??= now;
    this.#handlers.ping();
  }

  #deadAt(): number {
    // A page in the background has its timers held back: its own silence is not the peer's, who must be asked.
    if (this.#askedAt === undefined) return Infinity;
    return Math.max(this.#lastHeardAt + 2 * this.#intervalMs, this.#askedAt + this.#intervalMs);
  }

  #arm(): void {
    const dueAt = Math.min(this.#nextPingAt, this.#deadAt());
    this.#timer = this.#clock.setTimeout(() => this.#tick(), Math.max(0, dueAt - this.#clock.now()));
  }
}
