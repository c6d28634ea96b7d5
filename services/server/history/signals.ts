import type { AnyChannelRule, PlayerRef } from '../../protocol/index.ts';
import type { Bus } from '../redis/bus.ts';
import { type Store, storeFailure } from '../redis/connect.ts';
import { Packet } from '../transport/packet.ts';

type Deliver = (packet: Packet) => void;

export interface SignalsOptions {
  readonly redis: Store;
  readonly bus: Bus;
  /** Milliseconds by Redis's clock. */
  readonly now: () => number;
}

const keyOf = (channel: string) => `gridlock:{${channel}}:signals`;

/** Whether a channel keeps nothing: what is published goes to those who are there, once, as a signal. */
export const isSignalled = ({ history }: AnyChannelRule): boolean => history === 'none';

/**
 * Channels that keep nothing, such as cursors: a message is announced by pub/sub alone, reaches the subscribers of this
 * moment, and costs the store no write.
 */
export class Signals {
  readonly #options: SignalsOptions;
  readonly #followers = new Map<string, Set<Deliver>>();

  constructor(options: SignalsOptions) {
    this.#options = options;
  }

  /** Gives what ends it. */
  follow(channel: string, deliver: Deliver): () => void {
    const followers = this.#followers.get(channel) ?? this.#listen(channel);
    // Two sockets may share a function.
    const follower: Deliver = (packet) => deliver(packet);
    followers.add(follower);
    return () => {
      followers.delete(follower);
      if (followers.size > 0 || this.#followers.get(channel) !== followers) return;
      this.#followers.delete(channel);
      this.#options.bus.unlisten(keyOf(channel));
    };
  }

  /** `data` is JSON. Rejects with a `Refusal` when Redis does not answer. */
  async publish(channel: string, { id, name }: PlayerRef, data: string): Promise<void> {
    const { redis, now } = this.#options;
    const head = JSON.stringify({ type: 'signal', channel, at: Math.round(now()), player: { id, name } });
    try {
      await redis.spublish(keyOf(channel), `${head.slice(0, -1)},"data":${data}}`);
    } catch (error) {
      throw storeFailure(error);
    }
  }

  #listen(channel: string): Set<Deliver> {
    const followers = new Set<Deliver>();
    this.#followers.set(channel, followers);
    this.#options.bus.listen(keyOf(channel), {
      message: (text) => {
        const packet = new Packet('signal', text);
        for (const deliver of followers) deliver(packet);
      },
    });
    return followers;
  }
}
