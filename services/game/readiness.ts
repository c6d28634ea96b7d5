import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { StoreClock } from './clock.ts';

const PROBE_MS = 1000;
/** Probes in a row that may be lost before the replica counts as not ready. */
const MISSES = 2;
/** Probes in a row that are lost before a subscription that looks alive is replaced. */
const MISSES_TO_REBUILD = 3;

export interface ReadinessOptions {
  readonly redis: Redis;
  readonly clock: StoreClock;
  /** Where a probe published by this replica comes back to it. */
  readonly channel: string;
  readonly onChange: (ready: boolean, reason: string | undefined) => void;
  /** Messages do not arrive though the connection stands. */
  readonly onDeaf: () => void;
  readonly probeMs?: number;
}

/**
 * Ready means delivered: a probe published through Redis has come back to this replica. A connection that
 * stands but delivers nothing does not count.
 */
export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #timer: NodeJS.Timeout;
  #waitingFor: string | undefined;
  #misses = 0;
  #delivered = false;
  #listening = false;
  #draining = false;
  #wasReady = false;

  constructor(options: ReadinessOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), options.probeMs ?? PROBE_MS);
  }

  /** Why the replica takes no new clients; undefined when it does. */
  get reason(): string | undefined {
    if (this.#draining) return 'draining';
    if (!this.#listening) return 'not listening yet';
    return this.#delivered ? undefined : 'no probe published through Redis has come back';
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  listening(): void {
    this.#listening = true;
    this.#changed();
  }

  drain(): void {
    this.#draining = true;
    this.#changed();
  }

  /** Sends a probe now, as soon as its channel is subscribed to. */
  probe(): void {
    const { redis, clock, channel } = this.#options;
    const nonce = randomBytes(6).toString('base64url');
    this.#waitingFor = nonce;
    const sentAt = Date.now();
    const sent = redis.time().then(([seconds, micros]) => {
      clock.observe(Number(seconds) * 1000 + Number(micros) / 1000, sentAt, Date.now());
      return redis.publish(channel, `probe ${nonce}`);
    });
    // What did not go out does not come back, which is what counts.
    sent.catch(() => undefined);
  }

  /** Takes the nonce of a probe that came back. */
  arrived(nonce: string): void {
    if (nonce !== this.#waitingFor) return;
    this.#waitingFor = undefined;
    this.#misses = 0;
    this.#delivered = true;
    this.#changed();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    if (this.#waitingFor !== undefined) {
      this.#misses += 1;
      if (this.#misses >= MISSES) {
        this.#delivered = false;
        this.#changed();
      }
      if (this.#misses % MISSES_TO_REBUILD === 0) this.#options.onDeaf();
    }
    this.probe();
  }

  #changed(): void {
    const { reason } = this;
    const ready = reason === undefined;
    if (ready === this.#wasReady) return;
    this.#wasReady = ready;
    this.#options.onChange(ready, reason);
  }
}
