import type { Bus } from '../redis/bus.ts';
import { Feed, type FeedReport, type Follower, type History } from './feed.ts';

const CHECK_MS = 1500;

/**
 * The feeds of a replica: one for each history that somebody here follows, and a subscription for just as
 * long.
 */
export class FeedSet {
  readonly #bus: Bus;
  readonly #report: FeedReport;
  readonly #feeds = new Map<string, Feed>();
  readonly #timer: NodeJS.Timeout;

  constructor(bus: Bus, report: FeedReport, checkMs = CHECK_MS) {
    this.#bus = bus;
    this.#report = report;
    this.#timer = setInterval(() => this.check(), checkMs);
  }

  get size(): number {
    return this.#feeds.size;
  }

  /** Delivers to `follower` everything after `position`. Gives the function that stops it. */
  follow(history: History, epoch: string, position: number, follower: Follower): () => void {
    const { channel } = history;
    let feed = this.#feeds.get(channel);
    if (feed && feed.epoch !== epoch) {
      this.#feeds.delete(channel);
      feed.close('reset');
      // A follower that was reset may have been quicker.
      feed = this.#feeds.get(channel);
    }
    if (!feed) {
      const opened: Feed = new Feed(history, epoch, position, this.#report, () => this.#check(opened));
      feed = opened;
      this.#feeds.set(channel, feed);
      this.#bus.listen(channel, {
        message: (payload) => this.#feeds.get(channel)?.hint(payload),
        // What was announced before the subscription stood has to be read.
        confirmed: () => void this.#feeds.get(channel)?.catchUp(),
      });
    }
    const followed = feed;
    const stop = followed.follow(follower, position);
    return () => {
      stop();
      if (followed.followers === 0) this.#remove(channel, followed);
    };
  }

  /** The history is complete: nobody needs to follow it any longer. */
  end(channel: string): void {
    const feed = this.#feeds.get(channel);
    if (!feed) return;
    this.#remove(channel, feed);
    feed.close('ended');
  }

  check(): void {
    for (const feed of this.#feeds.values()) this.#check(feed);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(feed: Feed): void {
    const { channel } = feed.history;
    void feed.check().then((found) => {
      if (found === 'same' || this.#feeds.get(channel) !== feed) return;
      this.#remove(channel, feed);
      feed.close(found === 'gone' ? 'ended' : 'reset');
    });
  }

  #remove(channel: string, feed: Feed): void {
    if (this.#feeds.get(channel) !== feed) return;
    this.#feeds.delete(channel);
    this.#bus.unlisten(channel);
  }
}
