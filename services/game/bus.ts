import type { Redis } from 'ioredis';

export interface Listener {
  message(payload: string): void;
  /**
   * The subscription stands: whatever is published from now on arrives. Called again after each interruption.
   */
  confirmed?(): void;
}

/** Channels a SUBSCRIBE names at most, so that one reply does not hold up the others. */
const BATCH = 500;

/** The one subscriber connection of a replica: it listens only to what somebody here needs. */
export class Bus {
  readonly #connect: () => Redis;
  readonly #onError: (error: Error) => void;
  readonly #listeners = new Map<string, Listener>();
  #redis: Redis;

  constructor(connect: () => Redis, onError: (error: Error) => void) {
    this.#connect = connect;
    this.#onError = onError;
    this.#redis = this.#open();
  }

  get channels(): number {
    return this.#listeners.size;
  }

  /** Listens to a channel, which nobody here may listen to yet. */
  listen(channel: string, listener: Listener): void {
    this.#listeners.set(channel, listener);
    if (this.#redis.status === 'ready') void this.#subscribe(this.#redis, [channel]);
  }

  unlisten(channel: string): void {
    if (!this.#listeners.delete(channel) || this.#redis.status !== 'ready') return;
    this.#redis.unsubscribe(channel).catch(this.#onError);
  }

  /**
   * Replaces a connection that looks alive but delivers nothing. One that is down is being replaced already.
   */
  rebuild(): void {
    if (this.#redis.status !== 'ready') return;
    this.#redis.removeAllListeners('message');
    this.#redis.disconnect();
    this.#redis = this.#open();
  }

  close(): void {
    this.#listeners.clear();
    this.#redis.disconnect();
  }

  #open(): Redis {
    const redis = this.#connect();
    redis.on('error', this.#onError);
    redis.on('message', (channel: string, payload: string) => this.#listeners.get(channel)?.message(payload));
    redis.on('ready', () => {
      const channels = [...this.#listeners.keys()];
      for (let from = 0; from < channels.length; from += BATCH) {
        void this.#subscribe(redis, channels.slice(from, from + BATCH));
      }
    });
    return redis;
  }

  async #subscribe(redis: Redis, channels: string[]): Promise<void> {
    try {
      await redis.subscribe(...channels);
    } catch (error) {
      this.#onError(error as Error);
      // A connection that is up but does not confirm is of no use: the next one subscribes to everything
      // again.
      if (redis === this.#redis && redis.status === 'ready') redis.disconnect(true);
      return;
    }
    if (redis !== this.#redis) return;
    for (const channel of channels) this.#listeners.get(channel)?.confirmed?.();
  }
}
