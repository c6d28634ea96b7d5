import type { Cluster, Redis } from 'ioredis';
import { slotOf } from './slots.ts';
import { type Listener, Subscriber } from './subscriber.ts';

export type { Listener } from './subscriber.ts';

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

  /** Replaces the connection that looks alive but does not deliver this channel. */
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
        // Its slots may have gone elsewhere: as the primary failed, or was emptied.
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
