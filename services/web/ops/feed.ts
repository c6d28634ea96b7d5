import { Backoff } from '../../client/backoff.ts';
import type { OperationsMessage } from '../../protocol/operations.ts';

/** The replica sends something each second. If it is silent for this long, it is gone, even if the socket is open. */
export const SILENCE_MS = 5000;
const RETRY = { firstMs: 500, lastMs: 8000 };

/** What the feed needs of a browser's WebSocket. */
export interface FeedSocket {
  addEventListener(type: 'message' | 'close', listener: (event: { data?: unknown }) => void): void;
  close(): void;
}

export interface FeedOptions {
  readonly open: () => FeedSocket;
  readonly setTimeout: (callback: () => void, delayMs: number) => number;
  readonly clearTimeout: (timer: number | undefined) => void;
  readonly onMessage: (message: OperationsMessage) => void;
  /** The connection is up, or was lost and reconnects after `retryInMs`. */
  readonly onState: (isLive: boolean, retryInMs?: number) => void;
  readonly random?: () => number;
}

/** The socket of the operations page: it reconnects automatically after longer and longer random pauses. */
export class Feed {
  readonly #options: FeedOptions;
  #socket: FeedSocket | undefined;
  #silence: number | undefined;
  #retry: number | undefined;
  readonly #backoff: Backoff;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.random ?? Math.random, RETRY.firstMs, RETRY.lastMs);
    this.#connect();
  }

  /** Reconnects at once, for example when the user returns to the page. */
  retryNow(): void {
    if (this.#retry !== undefined) this.#connect();
  }

  #connect(): void {
    const { open, clearTimeout, onMessage, onState } = this.#options;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const socket = open();
    this.#socket = socket;
    this.#listen();
    socket.addEventListener('message', ({ data }) => {
      if (socket !== this.#socket) return;
      this.#backoff.reset();
      this.#listen();
      onState(true);
      onMessage(JSON.parse(String(data)) as OperationsMessage);
    });
    socket.addEventListener('close', () => {
      if (socket === this.#socket) this.#lost();
    });
  }

  /** Waits for the next message, and abandons the socket if none comes. */
  #listen(): void {
    const { setTimeout, clearTimeout } = this.#options;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#socket?.close();
      this.#lost();
    }, SILENCE_MS);
  }

  #lost(): void {
    const { setTimeout, clearTimeout, onState } = this.#options;
    clearTimeout(this.#silence);
    this.#socket = undefined;
    const retryInMs = this.#backoff.next();
    this.#retry = setTimeout(() => this.#connect(), retryInMs);
    onState(false, retryInMs);
  }
}
