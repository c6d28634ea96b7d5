import { randomBytes } from 'node:crypto';
import { CLOSE_CODES, type Close, LIMITS, type Transport } from '../../protocol/index.ts';
import type { Packet } from './packet.ts';
import type { TransportEvents, TransportSocket } from './transport-socket.ts';

/** The id of a new connection, which names the replica that holds it. */
export const connectionId = (replica: string): string => `${replica}.${randomBytes(12).toString('base64url')}`;
/** Which replica holds a connection. */
export const holderOf = (id: string): string => id.slice(0, id.lastIndexOf('.'));

/** A socket whose client sends separate requests, each with a batch of messages. */
export abstract class HttpSocket implements TransportSocket {
  readonly id: string;
  abstract readonly transport: Transport;
  abstract readonly bufferedAmount: number;
  readonly #ended = Promise.withResolvers<void>();
  #events: TransportEvents | undefined;
  #batch = 0;
  #closing: Close | undefined;
  #isOver = false;

  constructor(id: string) {
    this.id = id;
  }

  abstract write(packet: Packet): void;
  abstract ping(): void;
  /** Tells the client how the connection ends. */
  protected abstract end(close: Close): void;
  /** Releases the request that is held for the client. */
  protected abstract release(): void;

  get isOpen(): boolean {
    return this.#closing === undefined && !this.#isOver;
  }

  /** Nobody needs the connection's data any more. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  listen(events: TransportEvents): void {
    this.#events = events;
  }

  /** Takes a batch of messages, in order; false if an earlier batch is missing. */
  receive(number: number, messages: readonly unknown[], isLast: boolean): boolean {
    if (number > this.#batch + 1) return false;
    this.heard();
    // The answer got lost, and the client asked again.
    if (number <= this.#batch) return true;
    this.#batch = number;
    for (const message of messages) {
      const data = encoded(message);
      if (!data || data.length > LIMITS.messageBytes) {
        this.#events?.tooBig();
        return true;
      }
      this.#events?.message(data, false);
    }
    if (isLast) {
      this.over(CLOSE_CODES.normal.code);
      this.terminate();
    }
    return true;
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.#closing = { code, reason };
    this.end(this.#closing);
  }

  terminate(): void {
    this.over(CLOSE_CODES.abnormal.code);
    this.release();
    this.#ended.resolve();
  }

  /** How it is being closed from this side. */
  protected get closing(): Close | undefined {
    return this.#closing;
  }

  protected heard(): void {
    this.#events?.heard();
  }

  /** Nothing comes from the client any more. */
  protected over(code: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events?.closed(code);
  }
}

/** Undefined for a value that is nested too deeply to be written, which only a message far above the limit can be. */
function encoded(message: unknown): Buffer | undefined {
  try {
    return Buffer.from(JSON.stringify(message));
  } catch {
    return undefined;
  }
}
