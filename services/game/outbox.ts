import type { WebSocket } from 'ws';
import type { Packet } from './packet.ts';

/** Sockets written to before others get a turn: a line to thousands must not hold up a move. */
const SLICE = 250;

/** Writes what the outboxes gathered during one turn of the event loop. */
class Flusher {
  readonly #dirty = new Set<Outbox>();
  #scheduled = false;

  add(outbox: Outbox): void {
    this.#dirty.add(outbox);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    let left = SLICE;
    for (const outbox of this.#dirty) {
      if (left === 0) {
        this.#scheduled = true;
        setImmediate(() => this.#flush());
        return;
      }
      left -= 1;
      this.#dirty.delete(outbox);
      outbox.flush();
    }
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
    if (this.#packets.length === 1) flusher.add(this);
  }

  flush(): void {
    const packets = this.#packets;
    this.#packets = [];
    if (packets.length === 0 || this.#socket.readyState !== this.#socket.OPEN) return;
    if (packets.length === 1) this.#socket.send(packets[0]!.bytes, { binary: false });
    else this.#socket.send(`[${packets.map(({ text }) => text).join(',')}]`);
    if (this.#socket.bufferedAmount > this.#limit) this.#onOverflow();
  }
}
