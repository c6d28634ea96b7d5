import { percentile } from '../../kit/statistics.ts';

/** The deliveries of all messages, each to be delivered to each of some receivers exactly once. */
export interface Tally {
  /** The sent messages, and the deliveries that they require. */
  readonly sent: number;
  readonly expected: number;
  readonly delivered: number;
  /** Missing deliveries of messages that another receiver got, or that were acknowledged to the sender. */
  readonly lost: number;
  /** Sent, but never received. */
  readonly vanished: number;
  /** Deliveries beyond the first. */
  readonly duplicated: number;
  /** Deliveries that took longer than a second, or than the given limit. */
  readonly late: number;
  /** Milliseconds from the time when it was due to be sent until it was received; NaN without deliveries. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

const LATE_MS = 1000;

/** One stream of messages 0, 1, 2, ..., that goes to the receivers 0 to `receivers - 1`. */
export class Stream {
  readonly receivers: number;
  #dueAt = new Float64Array(256);
  #seen: Uint8Array;
  #acknowledged = new Uint8Array(256);
  #next = 0;

  constructor(receivers: number) {
    this.receivers = receivers;
    this.#seen = new Uint8Array(256 * receivers);
  }

  /** The number of the next message, which was due at `dueAt`. */
  send(dueAt: number): number {
    const number = this.#next;
    this.#next += 1;
    if (number >= this.#dueAt.length) this.#grow();
    this.#dueAt[number] = dueAt;
    return number;
  }

  get length(): number {
    return this.#next;
  }

  dueAt(number: number): number {
    return this.#dueAt[number]!;
  }

  acknowledge(number: number): void {
    this.#acknowledged[number] = 1;
  }

  /** True for the first delivery. A message that was never sent is not counted. */
  receive(number: number, receiver: number): boolean {
    if (!(number >= 0 && number < this.#next)) return false;
    const place = number * this.receivers + receiver;
    if (this.#seen[place]! < 255) this.#seen[place]! += 1;
    return this.#seen[place] === 1;
  }

  times(number: number, receiver: number): number {
    return this.#seen[number * this.receivers + receiver]!;
  }

  isAcknowledged(number: number): boolean {
    return this.#acknowledged[number] === 1;
  }

  #grow(): void {
    const length = this.#dueAt.length * 2;
    const [dueAt, seen, acknowledged] = [
      new Float64Array(length),
      new Uint8Array(length * this.receivers),
      new Uint8Array(length),
    ];
    dueAt.set(this.#dueAt);
    seen.set(this.#seen);
    acknowledged.set(this.#acknowledged);
    [this.#dueAt, this.#seen, this.#acknowledged] = [dueAt, seen, acknowledged];
  }
}

/** All messages of one measurement, and when they arrived. */
export class Deliveries {
  readonly #streams: readonly Stream[];
  readonly #first: readonly number[];
  readonly #firstOf: ReadonlyMap<Stream, number>;
  readonly #lateMs: number;
  #latencies = new Float64Array(1 << 16);
  #count = 0;
  #outstanding = 0;
  #late = 0;

  /** Earlier messages of the streams are not part of it. */
  constructor(streams: readonly Stream[], lateMs = LATE_MS) {
    this.#lateMs = lateMs;
    this.#streams = streams;
    this.#first = streams.map(({ length }) => length);
    this.#firstOf = new Map(streams.map((stream) => [stream, stream.length]));
  }

  /** Deliveries so far. */
  get count(): number {
    return this.#count;
  }

  /** Deliveries that are still to come. */
  get outstanding(): number {
    return this.#outstanding;
  }

  sent(stream: Stream): void {
    this.#outstanding += stream.receivers;
  }

  /**
   * Messages from before this began may still arrive. They are work done in this time, but the measurement does not
   * wait for them.
   */
  received(latencyMs: number, stream: Stream, number: number): void {
    if (this.#count === this.#latencies.length) {
      const larger = new Float64Array(this.#latencies.length * 2);
      larger.set(this.#latencies);
      this.#latencies = larger;
    }
    this.#latencies[this.#count] = latencyMs;
    this.#count += 1;
    if (number >= (this.#firstOf.get(stream) ?? 0)) this.#outstanding -= 1;
    if (latencyMs > this.#lateMs) this.#late += 1;
  }

  tally(): Tally {
    const totals = { sent: 0, expected: 0, delivered: 0, lost: 0, vanished: 0, duplicated: 0 };
    this.#streams.forEach((stream, index) => {
      for (let number = this.#first[index]!; number < stream.length; number += 1) {
        let [came, again] = [0, 0];
        for (let receiver = 0; receiver < stream.receivers; receiver += 1) {
          const times = stream.times(number, receiver);
          if (times > 0) came += 1;
          if (times > 1) again += times - 1;
        }
        totals.sent += 1;
        totals.expected += stream.receivers;
        totals.delivered += came;
        totals.duplicated += again;
        if (came > 0 || stream.isAcknowledged(number)) totals.lost += stream.receivers - came;
        else totals.vanished += 1;
      }
    });
    const sorted = this.#latencies.slice(0, this.#count).sort();
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(sorted, share)) as [number, number, number];
    return { ...totals, late: this.#late, p50, p95, p99 };
  }
}
