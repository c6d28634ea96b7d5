import type { Clock, Timer } from './clock.ts';

interface HeartbeatHandlers {
  ping(): void;
  /** The peer was silent for two intervals, or did not answer a probe. */
  dead(reason: string): void;
}

/** The bounds of the interval that a server may ask for. */
const MIN_INTERVAL_MS = 50;
/** How long to wait for the answer to a probe: long enough for a slow network, short enough for a player. */
const PROBE_MS = 2_500;
/** If nothing arrives for this long after a request, a probe is sent and gets the same time. */
const ANSWER_MS = 1_400;
/** The number of round trips that a probe may take on a slow network. */
const PATIENCE_ROUND_TRIPS = 4;
/** A timer this late was throttled, and messages that arrived since may be unread. */
const LATE_MS = 500;
/** A server that is slow for everybody must not be asked again and again: each probe that fails doubles the next ones. */
const LONGEST_PATIENCE = 16;

/**
 * Sends a ping each interval and reports a peer that has gone silent. A probe detects that sooner, but needs a sign:
 * the network changed, the page is visible again, or a request is not answered.
 */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #handlers: HeartbeatHandlers;
  #timer: Timer;
  #intervalMs = 0;
  #lastHeardAt = 0;
  #nextPingAt = 0;
  /** The time of the first ping since the peer was last heard. */
  #askedAt: number | undefined;
  /** The deadlines for the answer to a request, and to a probe. */
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

  /** Pings at once, to measure the round trip, and then at a random phase, because many clients may start together. */
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

  /** The connection has held: the next probe gets half the time. */
  held(): void {
    this.#patience = Math.max(1, this.#patience / 2);
  }

  /** A message that the peer answers was sent. */
  asked(): void {
    if (this.#timer === undefined || this.#answerBy < Infinity || this.#probeBy < Infinity) return;
    this.#answerBy = this.#clock.now() + this.#patient(ANSWER_MS);
    // An earlier timer is enough, because it checks all deadlines.
    if (this.#dueAt > this.#answerBy) this.#rearm();
  }

  /** Asks the peer whether it is still there, and waits briefly. */
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
      // Messages that came while the page was frozen are read first.
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
    // The timers of a page in the background are throttled: its silence is not the peer's, so the peer must be asked.
    if (this.#askedAt === undefined) return Infinity;
    return Math.max(this.#lastHeardAt + 2 * this.#intervalMs, this.#askedAt + this.#intervalMs);
  }

  #rearm(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#dueAt = Math.min(this.#nextPingAt, this.#deadAt(), this.#answerBy, this.#probeBy);
    this.#timer = this.#clock.setTimeout(() => this.#tick(), Math.max(0, this.#dueAt - this.#clock.now()));
  }
}
