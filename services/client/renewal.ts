import type { Clock, Timer } from './clock.ts';
import type { Outbox } from './outbox.ts';

/**
 * A token is renewed at a random moment between these parts of its remaining life, as many clients may start together.
 */
const EARLIEST = 0.75;
const LATEST = 0.85;
/** A failed renewal is tried again after this part of the remaining life. */
const AGAIN = 0.25;
/** setTimeout runs at once when asked to wait longer than this. */
const LONGEST_MS = 2 ** 31 - 1;
/**
 * With less time left there is no further attempt: the server ends the socket, and the next one begins with a new
 * token.
 */
const LEAST_MS = 500;

interface RenewalParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly outbox: Outbox;
  readonly nextId: () => string;
  /** Milliseconds by the server's clock. */
  readonly serverNow: () => number;
  /** Gives the proof of a new session. */
  readonly renew: () => Promise<string | undefined>;
}

/** Keeps the token of a socket that is open from running out: gets a new one in time and shows it. */
export class Renewal {
  readonly #parts: RenewalParts;
  #timer: Timer;
  /** Identifies the socket: a renewal for an older one is dropped. */
  #socket = 0;

  constructor(parts: RenewalParts) {
    this.#parts = parts;
  }

  /** A socket is there, whose token ends at `expiresAt` by the server's clock. */
  start(expiresAt: number): void {
    this.stop();
    this.#plan(expiresAt, EARLIEST + (LATEST - EARLIEST) * this.#parts.random());
  }

  /** The socket is gone. */
  stop(): void {
    this.#socket += 1;
    this.#parts.clock.clearTimeout(this.#timer);
  }

  #plan(expiresAt: number, part: number): void {
    const { clock, serverNow } = this.#parts;
    const leftMs = expiresAt - serverNow();
    if (leftMs < LEAST_MS) return;
    const socket = this.#socket;
    this.#timer = clock.setTimeout(() => void this.#renew(expiresAt, socket), Math.min(leftMs * part, LONGEST_MS));
  }

  async #renew(expiresAt: number, socket: number): Promise<void> {
    const { renew, outbox, nextId } = this.#parts;
    const again = () => {
      if (socket === this.#socket) this.#plan(expiresAt, AGAIN);
    };
    const token = await renew().catch(() => undefined);
    if (socket !== this.#socket) return;
    if (token === undefined) return again();
    outbox.add({ type: 'refresh', id: nextId(), token }, 'connection', {
      onAck: (ack) => {
        if (socket === this.#socket) this.start(ack.expiresAt ?? expiresAt);
      },
      onError: again,
    });
  }
}
