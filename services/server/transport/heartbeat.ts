export interface HeartbeatHooks {
  /** Time to ask whether the peer is there. */
  ping(): void;
  /** The peer was silent for two intervals. */
  dead(): void;
}

/** How many different waits there are within an interval. */
const STEPS = 100;

/** Watches one peer: pings it every interval, and gives up after two intervals of silence. */
export class Heartbeat {
  readonly #interval: number;
  readonly #hooks: HeartbeatHooks;
  #heard = performance.now();
  #nextPing: number;
  /** When the timer ends. */
  #due = 0;
  #timer: NodeJS.Timeout;

  /**
   * The first ping comes at a random part of the interval, so that peers that connected together are not pinged
   * together.
   */
  constructor(intervalMs: number, hooks: HeartbeatHooks, random: () => number = Math.random) {
    this.#interval = intervalMs;
    this.#hooks = hooks;
    this.#nextPing = this.#heard + intervalMs * random();
    this.#timer = this.#schedule();
  }

  /** Anything came from the peer. */
  heard(): void {
    this.#heard = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #schedule(): NodeJS.Timeout {
    const deadline = this.#heard + 2 * this.#interval;
    const wait = Math.min(this.#nextPing, deadline) - performance.now();
    // Timers of the same length share a list, so many peers must not have one each.
    const step = Math.max(1, Math.floor(this.#interval / STEPS));
    const delayMs = Math.max(1, Math.ceil(wait / step) * step);
    this.#due = performance.now() + delayMs;
    return setTimeout(() => this.#fire(), delayMs);
  }

  #fire(): void {
    const now = performance.now();
    // This process was paused. Messages of the peer may still be unread, so it is pinged once more.
    if (now - this.#due > this.#interval / 2) this.#heard = Math.max(this.#heard, now - this.#interval);
    if (now >= this.#heard + 2 * this.#interval) return this.#hooks.dead();
    if (now >= this.#nextPing) {
      this.#nextPing = now + this.#interval;
      this.#hooks.ping();
    }
    this.#timer = this.#schedule();
  }
}
