import type { Bus } from '../redis/bus.ts';
import { Packet } from '../transport/packet.ts';
import type { Follower, History, LogEntry } from './history.ts';
import type { Sighting } from './sightings.ts';

/** How feeds report what they do, for the metrics. */
export interface FeedReport {
  delivered(type: 'event' | 'message', followers: number): void;
  gap(type: 'event' | 'message', filled: number): void;
  read(type: 'event' | 'message'): void;
  failed(channel: string, error: unknown): void;
  /** Called when a history is no longer followed, with the last position seen. */
  left(sighting: Sighting): void;
}

/** One follower's place in the history. While it has a `queue`, it is being brought up to the feed. */
interface Place {
  readonly follower: Follower;
  position: number;
  queue: { seq: number; packet: Packet }[] | undefined;
}

/**
 * Follows one history for all its local followers. Announcements are only a hint: what is delivered is exactly the
 * history, in order, each entry once. A gap is filled by reading.
 */
export class Feed {
  readonly history: History;
  readonly epoch: string;
  readonly #report: FeedReport;
  /** Whether the history goes on in another epoch. */
  readonly #onOther: () => void;
  readonly #places = new Set<Place>();
  /** Entries that were announced before their turn. */
  readonly #early = new Map<number, string>();
  #last: number;
  #reading = false;
  #readAgain = false;
  /** Whether an entry came since the last check, so that no check is needed. */
  #stirred = false;
  #closed = false;

  constructor(history: History, epoch: string, last: number, report: FeedReport, onOther: () => void = () => {}) {
    this.history = history;
    this.#onOther = onOther;
    this.epoch = epoch;
    this.#last = last;
    this.#report = report;
  }

  get followers(): number {
    return this.#places.size;
  }

  /** How far the followers have seen the history. */
  get sighting(): Sighting {
    return { head: this.history.head, epoch: this.epoch, seq: this.#last };
  }

  /** Adds a follower that knows everything up to `position`. Returns the function that removes it. */
  follow(follower: Follower, position: number): () => void {
    const place: Place = { follower, position, queue: undefined };
    this.#places.add(place);
    if (position < this.#last) void this.#bringUp(place);
    // The follower's snapshot is newer than what was announced so far.
    else if (position > this.#last) void this.catchUp();
    return () => {
      this.#places.delete(place);
    };
  }

  /** Takes an announcement: `<epoch> <seq> <text>`. */
  hint(payload: string): void {
    const first = payload.indexOf(' ');
    const second = payload.indexOf(' ', first + 1);
    const entry = { seq: Number(payload.slice(first + 1, second)), text: payload.slice(second + 1) };
    this.announce(payload.slice(0, first), entry);
  }

  /** An entry of an epoch is in the history. */
  announce(epoch: string, { seq, text }: LogEntry): void {
    if (this.#closed) return;
    // Perhaps the announcement is the older one: the check finds out.
    if (epoch !== this.epoch) {
      this.#stirred = false;
      this.#onOther();
      return;
    }
    if (!(seq > this.#last)) return;
    this.#stirred = true;
    // The usual case: the next entry, and none waits for it.
    if (seq === this.#last + 1 && this.#early.size === 0) {
      this.#last = seq;
      this.#deliver(seq, text);
      return;
    }
    this.#early.set(seq, text);
    this.#advance();
    if (this.#early.size > 0) void this.catchUp();
  }

  /** Reads the entries that were not announced. Safe at any time. */
  async catchUp(): Promise<void> {
    if (this.#closed) return;
    this.#readAgain = this.#reading;
    if (this.#reading) return;
    this.#reading = true;
    try {
      const before = this.#last;
      const entries = await this.history.after({ epoch: this.epoch, seq: this.#last });
      this.#report.read(this.history.type);
      if (this.#closed) return;
      if (!entries) {
        this.#stirred = false;
        this.#onOther();
        return;
      }
      let filled = 0;
      for (const { seq, text } of entries) {
        if (seq <= this.#last) continue;
        // Old lines of a channel may be gone. The history then continues from the oldest line that is left.
        if (seq > this.#last + 1) this.#last = seq - 1;
        if (!this.#early.has(seq)) filled += 1;
        this.#early.set(seq, text);
        this.#advance();
      }
      if (filled > 0 && this.#last > before) this.#report.gap(this.history.type, filled);
    } catch (error) {
      this.#report.failed(this.history.channel, error);
    } finally {
      this.#reading = false;
    }
    if (this.#readAgain) await this.catchUp();
  }

  /**
   * Finds entries that were lost at the end, where no later announcement shows the gap. Returns whether the followed
   * history is still the one in Redis.
   */
  async check(): Promise<'same' | 'other' | 'gone'> {
    for (const place of this.#places) if (place.queue) void this.#bringUp(place);
    if (this.#stirred) {
      this.#stirred = false;
      return 'same';
    }
    try {
      const known = this.#last;
      const position = await this.history.position();
      if (this.#closed) return 'same';
      if (!position) return 'gone';
      if (position.epoch !== this.epoch) return 'other';
      if (position.seq < known) {
        // A number that followers have seen must not be used again in this epoch.
        await this.history.renew(this.epoch);
        return 'other';
      }
      if (position.seq > this.#last) await this.catchUp();
    } catch (error) {
      this.#report.failed(this.history.channel, error);
    }
    return 'same';
  }

  /** Stops, and tells the followers that no more follows or that they must start over. */
  close(why: 'ended' | 'reset'): void {
    this.#closed = true;
    const places = [...this.#places];
    this.#places.clear();
    for (const { follower } of places) {
      if (why === 'reset') follower.reset();
      else follower.ended?.();
    }
  }

  #advance(): void {
    for (;;) {
      const seq = this.#last + 1;
      const text = this.#early.get(seq);
      if (text === undefined) break;
      this.#early.delete(seq);
      this.#last = seq;
      this.#deliver(seq, text);
    }
    for (const seq of this.#early.keys()) if (seq <= this.#last) this.#early.delete(seq);
  }

  #deliver(seq: number, text: string): void {
    const packet = new Packet(this.history.type, text);
    for (const place of this.#places) {
      if (place.queue) {
        place.queue.push({ seq, packet });
      } else if (seq > place.position) {
        place.position = seq;
        place.follower.deliver(packet);
      }
    }
    this.#report.delivered(this.history.type, this.#places.size);
    this.history.delivered?.(this.epoch, { seq, text });
  }

  /** Sends a follower the events that it lacks, then those that have arrived since. */
  async #bringUp(place: Place): Promise<void> {
    place.queue ??= [];
    try {
      const entries = await this.history.after({ epoch: this.epoch, seq: place.position });
      this.#report.read(this.history.type);
      // The follower is gone, or follows from another position.
      if (!this.#places.has(place)) return;
      // The feed is about to be reset.
      if (!entries) return this.#onOther();
      const missing = entries.map(({ seq, text }) => ({ seq, packet: new Packet(this.history.type, text) }));
      for (const { seq, packet } of [...missing, ...(place.queue ?? [])]) {
        if (seq <= place.position) continue;
        place.position = seq;
        place.follower.deliver(packet);
      }
      place.queue = undefined;
    } catch (error) {
      // The queue stays, and the next check tries again.
      this.#report.failed(this.history.channel, error);
    }
  }
}

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

  *sightings(): Iterable<Sighting> {
    for (const feed of this.#feeds.values()) yield feed.sighting;
  }

  /** Delivers everything after `position` to `follower`. Returns the function that stops it. */
  follow(history: History, epoch: string, position: number, follower: Follower): () => void {
    const { channel } = history;
    let feed = this.#feeds.get(channel);
    if (feed && feed.epoch !== epoch) {
      this.#feeds.delete(channel);
      this.#report.left(feed.sighting);
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
        // Events announced before the subscription was active have to be read.
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

  /** Entries that were written here: they need not come back through the store before they are delivered. */
  announce(channel: string, epoch: string, entries: readonly LogEntry[]): void {
    for (const entry of entries) this.#feeds.get(channel)?.announce(epoch, entry);
  }

  /** Checks for entries that nobody announced. */
  catchUp(channel: string): void {
    void this.#feeds.get(channel)?.catchUp();
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
    this.#report.left(feed.sighting);
    this.#bus.unlisten(channel);
  }
}
