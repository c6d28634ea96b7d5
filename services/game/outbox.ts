import type { WebSocket } from 'ws';
import { textFrame, writeFrame } from './frame.ts';
import type { Packet } from './packet.ts';

/** Sockets written to before others get a turn: a line to thousands must not hold up a move. */
const SLICE = 250;

/** What a crowd gets at once, and nobody waits for. */
const PATIENT: ReadonlySet<Packet['type']> = new Set(['chat', 'presence', 'history']);

/** Writes what the outboxes gathered during one turn of the event loop: moves first, then what can wait. */
class Flusher {
  readonly #urgent = new Set<Outbox>();
  readonly #patient = new Set<Outbox>();
  /** Frames of several messages, by their numbers: a game's sockets mostly get the same ones. */
  readonly #frames = new Map<string, Buffer>();
  #scheduled = false;

  add(outbox: Outbox, isUrgent: boolean): void {
    if (isUrgent) this.#patient.delete(outbox);
    if (isUrgent || !this.#urgent.has(outbox)) (isUrgent ? this.#urgent : this.#patient).add(outbox);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  delete(outbox: Outbox): void {
    this.#urgent.delete(outbox);
    this.#patient.delete(outbox);
  }

  /** One frame for several messages, made once a turn. */
  frameOf(packets: readonly Packet[]): Buffer {
    if (packets.length === 1) return packets[0]!.frame;
    const key = packets.map(({ number }) => number).join();
    let frame = this.#frames.get(key);
    if (!frame) {
      frame = textFrame(Buffer.from(`[${packets.map(({ text }) => text).join(',')}]`));
      this.#frames.set(key, frame);
    }
    return frame;
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
    this.#frames.clear();
    if (this.#scheduled || this.#urgent.size + this.#patient.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }
}

const flusher = new Flusher();

/** What waits to be written to one socket: messages of the same turn leave as one frame, in order. */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #limit: number;
  readonly #onOverflow: () => void;
  #packets: Packet[] = [];

  /** `onOverflow` is called when more than `limit` bytes wait for a slow reader. */
  constructor(socket: WebSocket, limit: number, onOverflow: () => void) {
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
    if (packets.length === 0 || this.#socket.readyState !== this.#socket.OPEN) return;
    writeFrame(this.#socket, flusher.frameOf(packets));
    if (this.#socket.bufferedAmount > this.#limit) this.#onOverflow();
  }
}
