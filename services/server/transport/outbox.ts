import { Packet } from './packet.ts';
import type { TransportSocket } from './transport-socket.ts';
import { turn } from './turn.ts';

/** The connections written to before others get a turn, because a message to thousands must not delay a move. */
const SLICE = 250;

/** Messages for many connections that nobody waits for. */
const PATIENT: ReadonlySet<Packet['type']> = new Set(['message', 'signal', 'presence', 'history']);

/**
 * Writes the messages that the outboxes gathered during a turn: moves first, then those that can wait. Each frame costs
 * a write here and at the edge, and TLS there, which is more than its content costs.
 */
class Flusher {
  readonly #urgent = new Set<Outbox>();
  readonly #patient = new Set<Outbox>();
  /** Several messages in one, by their numbers: a game's sockets mostly get the same ones. */
  readonly #joined = new Map<string, Packet>();
  #scheduled = false;

  add(outbox: Outbox, isUrgent: boolean): void {
    if (isUrgent) this.#patient.delete(outbox);
    if (isUrgent || !this.#urgent.has(outbox)) (isUrgent ? this.#urgent : this.#patient).add(outbox);
    this.#schedule();
  }

  delete(outbox: Outbox): void {
    this.#urgent.delete(outbox);
    this.#patient.delete(outbox);
  }

  /** Several messages in one, made once a turn. */
  join(packets: readonly Packet[]): Packet {
    if (packets.length === 1) return packets[0]!;
    const key = packets.map(({ number }) => number).join();
    let joined = this.#joined.get(key);
    if (!joined) this.#joined.set(key, (joined = Packet.joined(packets)));
    return joined;
  }

  #flush(): void {
    this.#scheduled = false;
    let left = SLICE;
    for (const outboxes of [this.#urgent, this.#patient]) {
      for (const outbox of outboxes) {
        if (left === 0) break;
        left -= 1;
        outboxes.delete(outbox);
        outbox.flush();
      }
    }
    this.#joined.clear();
    if (this.#urgent.size + this.#patient.size > 0) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    turn.atEnd('frames', () => this.#flush());
  }
}

const flusher = new Flusher();

/** The messages that wait for one peer. Those of the same turn leave as one frame, in order. */
export class Outbox {
  readonly #socket: TransportSocket;
  readonly #limit: number;
  readonly #onOverflow: () => void;
  #packets: Packet[] = [];

  /** `onOverflow` is called when more than `limit` bytes wait for a slow reader. */
  constructor(socket: TransportSocket, limit: number, onOverflow: () => void) {
    this.#socket = socket;
    this.#limit = limit;
    this.#onOverflow = onOverflow;
  }

  push(packet: Packet): void {
    this.#packets.push(packet);
    const isUrgent = !PATIENT.has(packet.type);
    if (this.#packets.length === 1 || isUrgent) flusher.add(this, isUrgent);
  }

  flush(): void {
    const packets = this.#packets;
    this.#packets = [];
    flusher.delete(this);
    if (packets.length === 0 || !this.#socket.isOpen) return;
    this.#socket.write(flusher.join(packets));
    if (this.#socket.bufferedAmount > this.#limit) this.#onOverflow();
  }
}
