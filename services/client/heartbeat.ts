import type { Clock, Timer } from './clock.ts';

interface HeartbeatHandlers {
  ping(): void;
  /** Nothing was heard for two intervals, or after a probe, though asked. */
  dead(reason: string): void;
}

/** Whatever a server asks for. */
const MIN_INTERVAL_MS = 50;
/** How long a probe is waited for: long enough for a slow network, short enough for a player. */
const PROBE_MS = 2_500;
/** A request that nothing was heard after for so long makes a probe, which is waited for as long again. */
const ANSWER_MS = 1_400;
/** As many round trips as a probe may take on a slow network. */
const PATIENCE_ROUND_TRIPS = 4;
/** A timer that is so late was held back, and what arrived meanwhile is not read yet. */
const LATE_MS = 500;
/** A server that is slow for everybody must not be asked again and again: each probe that fails doubles the next ones. */
const LONGEST_PATIENCE = 16;

/**
 * Sends a ping each interval and tells when the peer went silent. A probe finds that out sooner, for which there has to
 * be a sign: the network changed, the page is seen again, or a request stays without an answer.
 */
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
  /** Until when the answer to a request, and that to a probe, is waited for. */
  #answerBy = Infinity;
  #probeBy = Infinity;
  #dueAt = 0;
  #roundTripMs = 0;
  /** Rises with each probe that failed. */
  #patience = 1;

  constructor(clock: Clock, random: () => number, handlers: HeartbeatHandlers) {
    this.#clock = clock;
    this.#random = random;
    this.#handlers = handlers;
  }

  /** Pings at once, so that the round trip is known, and then at a random phase: many clients may start together. */
  start(intervalMs: number): void {
    this.stop();
    this.#intervalMs = Math.max(MIN_INTERVAL_MS, intervalMs);
    this.heard();
    this.#ping(this.#intervalMs * this.#random());
    this.#rearm();
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#answerBy = Infinity;
    this.#probeBy = Infinity;
  }

  /** To be called for each frame. */
  heard(): void {
    this.#lastHeardAt = this.#clock.now();
    this.#askedAt = undefined;
    this.#answerBy = Infinity;
    this.#probeBy = Infinity;
  }

  /** To be called for each round trip that was measured. */
  measured(roundTripMs: number): void {
    this.#roundTripMs = roundTripMs;
  }

  /** The connection has held: the next probe is waited for half as long. */
  held(): void {
    this.#patience = Math.max(1, this.#patience / 2);
  }

  /** Something was sent that the peer answers. */
  asked(): void {
    if (this.#timer === undefined || this.#answerBy < Infinity || this.#probeBy < Infinity) return;
    this.#answerBy = this.#clock.now() + this.#patient(ANSWER_MS);
    // A timer that runs before is enough: it looks what else is due.
    if (this.#dueAt > this.#answerBy) this.#rearm();
  }

  /** Asks the peer whether it is still there, and waits shortly. */
  probe(waitMs = PROBE_MS): void {
    if (this.#timer === undefined || this.#probeBy < Infinity) return;
    this.#answerBy = Infinity;
    this.#probeBy = this.#clock.now() + this.#patient(waitMs);
    this.#ping(this.#intervalMs);
    this.#rearm();
  }

  #patient(waitMs: number): number {
    return this.#patience * Math.max(waitMs, PATIENCE_ROUND_TRIPS * this.#roundTripMs);
  }

  #tick(): void {
    const now = this.#clock.now();
    if (now >= this.#probeBy) {
      // What came while this page stood still is read first.
      if (now - this.#dueAt > LATE_MS) this.#probeBy = now + LATE_MS;
      else return this.#dead('Nothing was heard after the connection was in doubt.');
    }
    if (now >= this.#deadAt()) return this.#handlers.dead('Nothing was heard for two heartbeats.');
    if (now >= this.#answerBy) this.probe(ANSWER_MS);
    else if (now >= this.#nextPingAt) this.#ping(this.#intervalMs);
    this.#rearm();
  }

  #dead(reason: string): void {
    this.#patience = Math.min(LONGEST_PATIENCE, 2 * this.#patience);
    this.#handlers.dead(reason);
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

  #rearm(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#dueAt = Math.min(this.#nextPingAt, this.#deadAt(), this.#answerBy, this.#probeBy);
    this.#timer = this.#clock.setTimeout(() => this.#tick(), Math.max(0, this.#dueAt - this.#clock.now()));
  }
}
