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
  /** A history is followed no longer: how far it was seen. */
  left(sighting: Sighting): void;
}

/** One follower's place in the history. While `queue` is there it is being brought up to the feed. */
interface Place {
  readonly follower: Follower;
  position: number;
  queue: { seq: number; packet: Packet }[] | undefined;
}

/**
 * Follows one history for all its local followers. Announcements are only a hint: what is delivered is
 * exactly the history, in order, each entry once. A hole is filled by reading.
 */
export class Feed {
  readonly history: History;
  readonly epoch: string;
  readonly #report: FeedReport;
  /** The history goes on in another epoch. */
  readonly #onOther: () => void;
  readonly #places = new Set<Place>();
  /** Announced before their turn. */
  readonly #early = new Map<number, string>();
  #last: number;
  #reading = false;
  #readAgain = false;
  /** Something came since the last check; then there is no need to ask. */
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

  /** Adds a follower who knows everything up to `position`. Gives the function that removes it. */
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
    // As nearly always: the next one, and nothing waits for it.
    if (seq === this.#last + 1 && this.#early.size === 0) {
      this.#last = seq;
      this.#deliver(seq, text);
      return;
    }
    this.#early.set(seq, text);
    this.#advance();
    if (this.#early.size > 0) void this.catchUp();
  }

  /** Reads what the announcements left out. Harmless at any time. */
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
        // Of a channel old lines may be gone; then the history goes on from the oldest that is left.
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
   * Finds what was lost at the end, where no later announcement shows the hole. Tells whether the history
   * that is followed still is the one in Redis.
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
        // What was given away must not be given to something else: not in this epoch.
        await this.history.renew(this.epoch);
        return 'other';
      }
      if (position.seq > this.#last) await this.catchUp();
    } catch (error) {
      this.#report.failed(this.history.channel, error);
    }
    return 'same';
  }

  /** Stops, and tells the followers that there is nothing more or that they must start over. */
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

  /** Sends a follower that is behind the events it lacks, then those that arrived since. */
  async #bringUp(place: Place): Promise<void> {
    place.queue ??= [];
    try {
      const entries = await this.history.after({ epoch: this.epoch, seq: place.position });
      this.#report.read(this.history.type);
      // It is followed no longer, or from another place.
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

  /** Delivers to `follower` everything after `position`. Gives the function that stops it. */
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

  /** There may be entries that nobody announced. */
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
