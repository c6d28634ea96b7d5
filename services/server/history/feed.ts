import type { LogEntry, Position } from '../authority/game-authority.ts';
import { Packet } from '../transport/packet.ts';

/** A history in Redis that is announced over pub/sub: the events of a game, or the lines of a channel. */
export interface History {
  /** The pub/sub channel; its messages are `<epoch> <seq> <text>`. */
  readonly channel: string;
  readonly type: 'event' | 'chat';
  /** Every entry after a position that still is there, oldest first; undefined when its epoch is over. */
  after(position: Position): Promise<LogEntry[] | undefined>;
  /** The newest entry; undefined when the history is gone. */
  position(): Promise<Position | undefined>;
  /** More was seen of this epoch than is there: the history has to go on in another one. */
  renew(epoch: string): Promise<void>;
  /** Called once an entry has been given to the followers. */
  delivered?(entry: LogEntry): void;
}

export interface Follower {
  deliver(packet: Packet): void;
  /** The history is not the one that was followed: start over from a snapshot. */
  reset(): void;
  /** There will be nothing more. */
  ended?(): void;
}

/** How feeds report what they do, for the metrics. */
export interface FeedReport {
  delivered(type: 'event' | 'chat', followers: number): void;
  gap(type: 'event' | 'chat', filled: number): void;
  read(type: 'event' | 'chat'): void;
  failed(channel: string, error: unknown): void;
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

  /** Takes an announcement. */
  hint(payload: string): void {
    if (this.#closed) return;
    const [first, second] = [payload.indexOf(' '), payload.indexOf(' ', payload.indexOf(' ') + 1)];
    // Perhaps the announcement is the older one: the check finds out.
    if (payload.slice(0, first) !== this.epoch) {
      this.#stirred = false;
      this.#onOther();
      return;
    }
    const seq = Number(payload.slice(first + 1, second));
    if (!(seq > this.#last)) return;
    this.#stirred = true;
    const text = payload.slice(second + 1);
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
    this.history.delivered?.({ seq, text });
  }

  /** Gives a follower that is behind the feed what it lacks, then what came meanwhile. */
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
