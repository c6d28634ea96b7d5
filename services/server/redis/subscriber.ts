import type { Redis } from 'ioredis';
import { slotOf } from './slots.ts';

export interface Listener {
  message(payload: string): void;
  /**
   * The subscription stands: whatever is published from now on arrives. Called again after each interruption.
   */
  confirmed?(): void;
}

export interface SubscriberOptions {
  readonly onError: (error: Error) => void;
  /** In a cluster one SSUBSCRIBE may name channels of one slot only. */
  readonly isCluster: boolean;
  /** The connection ended, or the server says that the channels are not its own. */
  readonly onLost: () => void;
}

/** Channels a SSUBSCRIBE names at most, so that one reply does not hold up the others. */
const BATCH = 500;

/** One connection that listens to channels of one primary. */
export class Subscriber {
  readonly #connect: () => Redis;
  readonly #options: SubscriberOptions;
  readonly #listeners = new Map<string, Listener>();
  #redis: Redis;

  constructor(connect: () => Redis, options: SubscriberOptions) {
    this.#connect = connect;
    this.#options = options;
    this.#redis = this.#open();
  }

  add(channel: string, listener: Listener): void {
    this.#listeners.set(channel, listener);
    if (this.#redis.status === 'ready') void this.#subscribe(this.#redis, [channel]);
  }

  remove(channel: string): void {
    if (!this.#listeners.delete(channel) || this.#redis.status !== 'ready') return;
    this.#redis.sunsubscribe(channel).catch(this.#options.onError);
  }

  /**
   * Replaces a connection that looks alive but delivers nothing. One that is down is being replaced already.
   */
  rebuild(): void {
    if (this.#redis.status !== 'ready') return;
    this.#redis.removeAllListeners('smessage');
    this.#redis.disconnect();
    this.#redis = this.#open();
  }

  close(): void {
    this.#listeners.clear();
    this.#redis.disconnect();
  }

  #open(): Redis {
    const redis = this.#connect();
    const { onError, onLost } = this.#options;
    redis.on('error', onError);
    redis.on('close', onLost);
    redis.on('smessage', (channel: string, payload: string) => this.#listeners.get(channel)?.message(payload));
    redis.on('ready', () => {
      for (const channels of this.#batches()) void this.#subscribe(redis, channels);
    });
    return redis;
  }

  #batches(): string[][] {
    const channels = [...this.#listeners.keys()];
    if (this.#options.isCluster) {
      return [...Map.groupBy(channels, slotOf).values()];
    }
    return Array.from({ length: Math.ceil(channels.length / BATCH) }, (_, index) =>
      channels.slice(index * BATCH, (index + 1) * BATCH),
    );
  }

  async #subscribe(redis: Redis, channels: string[]): Promise<void> {
    const { onError, onLost } = this.#options;
    try {
      await redis.ssubscribe(...channels);
    } catch (error) {
      onError(error as Error);
      if (/^(MOVED|CLUSTERDOWN)/.test((error as Error).message)) return onLost();
      // A connection that is up but does not confirm is of no use: the next one subscribes to everything
      // again.
      if (redis === this.#redis && redis.status === 'ready') redis.disconnect(true);
      return;
    }
    if (redis !== this.#redis) return;
    for (const channel of channels) this.#listeners.get(channel)?.confirmed?.();
  }
}
