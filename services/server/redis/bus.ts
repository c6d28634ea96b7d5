import type { Cluster, Redis } from 'ioredis';

export interface BusOptions {
  /** A new connection for subscriptions: to the primary, or to the node of a cluster that is named. */
  readonly connect: (node?: { host: string; port: number }) => Redis;
  readonly onError: (error: Error) => void;
  /** The connection for commands when it is a cluster: it knows which primary has which slot. */
  readonly cluster?: Cluster | undefined;
}

/** How often it is checked that each channel is listened to where it is published. */
const CHECK_MS = 1000;
const ONLY = '';

/**
 * The subscriptions of a replica, to nothing but what somebody here needs: one connection for each primary, as
 * sharded pub/sub announces a game only on the primary that holds it.
 */
export class Bus {
  readonly #options: BusOptions;
  readonly #listeners = new Map<string, Listener>();
  readonly #subscribers = new Map<string, Subscriber>();
  /** The primary at which a channel is listened to. */
  readonly #places = new Map<string, string>();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #refresh = () => this.#rearrange();

  constructor(options: BusOptions) {
    this.#options = options;
    const { cluster } = options;
    if (!cluster) {
      this.#subscriber(ONLY);
      return;
    }
    cluster.on('refresh', this.#refresh);
    this.#timer = setInterval(this.#refresh, CHECK_MS);
  }

  get channels(): number {
    return this.#listeners.size;
  }

  /** Listens to a channel, which nobody here may listen to yet. */
  listen(channel: string, listener: Listener): void {
    this.#listeners.set(channel, listener);
    this.#place(channel, listener);
  }

  unlisten(channel: string): void {
    if (!this.#listeners.delete(channel)) return;
    const place = this.#places.get(channel);
    this.#places.delete(channel);
    if (place !== undefined) this.#subscribers.get(place)?.remove(channel);
  }

  /** Whether what is published in a channel now arrives here. */
  isListening(channel: string): boolean {
    const place = this.#places.get(channel);
    return place !== undefined && (this.#subscribers.get(place)?.isListening(channel) ?? false);
  }

  /** Replaces the connection that is open but does not deliver this channel. */
  rebuild(channel: string): void {
    const place = this.#places.get(channel);
    if (place !== undefined) this.#subscribers.get(place)?.rebuild();
  }

  /** For each primary a channel that it announces: what comes back there shows that it delivers. */
  probes(name: (tag: number) => string): string[] {
    const { cluster } = this.#options;
    if (!cluster) return [name(0)];
    const missing = new Set(cluster.slots.map(([primary]) => primary).filter((primary) => primary !== undefined));
    const found: string[] = [];
    for (let tag = 0; missing.size > 0 && tag < 16_384; tag += 1) {
      const channel = name(tag);
      const primary = this.#locate(channel);
      if (primary !== undefined && missing.delete(primary)) found.push(channel);
    }
    return found;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#options.cluster?.off('refresh', this.#refresh);
    this.#listeners.clear();
    for (const subscriber of this.#subscribers.values()) subscriber.close();
  }

  #locate(channel: string): string | undefined {
    const { cluster } = this.#options;
    return cluster ? cluster.slots[slotOf(channel)]?.[0] : ONLY;
  }

  #place(channel: string, listener: Listener): void {
    const place = this.#locate(channel);
    // A cluster whose slots are not known yet: the next refresh places it.
    if (place === undefined) return;
    this.#places.set(channel, place);
    this.#subscriber(place).add(channel, listener);
  }

  #subscriber(place: string): Subscriber {
    let subscriber = this.#subscribers.get(place);
    if (!subscriber) {
      const { connect, onError, cluster } = this.#options;
      const colon = place.lastIndexOf(':');
      const node = place === ONLY ? undefined : { host: place.slice(0, colon), port: Number(place.slice(colon + 1)) };
      subscriber = new Subscriber(() => connect(node), {
        onError,
        isCluster: cluster !== undefined,
        // The slots may have moved, because the primary failed or was emptied.
        onLost: () => cluster?.refreshSlotsCache(),
      });
      this.#subscribers.set(place, subscriber);
    }
    return subscriber;
  }

  /** After a failover, or when slots moved. */
  #rearrange(): void {
    for (const [channel, listener] of this.#listeners) {
      const place = this.#places.get(channel);
      if (place === this.#locate(channel)) continue;
      if (place !== undefined) this.#subscribers.get(place)?.remove(channel);
      this.#places.delete(channel);
      this.#place(channel, listener);
    }
    const used = new Set(this.#places.values());
    for (const [place, subscriber] of this.#subscribers) {
      if (used.has(place) || !this.#options.cluster) continue;
      subscriber.close();
      this.#subscribers.delete(place);
    }
  }
}

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
  /** Channels that the connection of now has confirmed. */
  readonly #confirmed = new Set<string>();
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

  isListening(channel: string): boolean {
    return this.#redis.status === 'ready' && this.#confirmed.has(channel);
  }

  remove(channel: string): void {
    this.#confirmed.delete(channel);
    if (!this.#listeners.delete(channel) || this.#redis.status !== 'ready') return;
    this.#redis.sunsubscribe(channel).catch(this.#options.onError);
  }

  /** Replaces a connection that looks alive but delivers nothing. A closed connection is already being replaced. */
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
    this.#confirmed.clear();
    redis.on('error', onError);
    redis.on('close', onLost);
    redis.on('smessage', (channel: string, payload: string) => this.#listeners.get(channel)?.message(payload));
    redis.on('ready', () => {
      this.#confirmed.clear();
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
    const asked = channels.map((channel) => this.#listeners.get(channel));
    try {
      await redis.ssubscribe(...channels);
    } catch (error) {
      onError(error as Error);
      if (/^(MOVED|CLUSTERDOWN)/.test((error as Error).message)) return onLost();
      // A connection that does not confirm is useless. The next one subscribes to everything again.
      if (redis === this.#redis && redis.status === 'ready') redis.disconnect(true);
      return;
    }
    if (redis !== this.#redis) return;
    for (const [index, channel] of channels.entries()) {
      const listener = asked[index];
      // The listener was removed in the meantime. Its replacement has subscribed again.
      if (listener === undefined || this.#listeners.get(channel) !== listener) continue;
      this.#confirmed.add(channel);
      listener.confirmed?.();
    }
  }
}

/** The slot of a Redis Cluster that a key or channel belongs to: CRC16 of its hash tag, or of all of it. */
export function slotOf(name: string): number {
  const open = name.indexOf('{');
  const close = open === -1 ? -1 : name.indexOf('}', open + 1);
  const bytes = Buffer.from(close > open + 1 ? name.slice(open + 1, close) : name);
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc % 16_384;
}
