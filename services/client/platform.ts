import { SOCKET_PATH, type SessionAnswer } from '../protocol/index.ts';

/** A running timer; each runtime has its own kind. */
export type Timer = unknown;

/** Time in milliseconds; `now` counts from the Unix epoch. */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, delayMs: number): Timer;
  clearTimeout(timer: Timer): void;
}

/** Where a socket is to go: path and query on the cluster's origin, and the token where no cookie carries it. */
export interface SocketTarget {
  readonly path: string;
  readonly token: string | undefined;
}

export interface SocketHandlers {
  onMessage(data: unknown): void;
  /** Called once, also when the socket never opened; `code` as in `protocol/close-codes.ts`. */
  onClose(code: number, reason: string): void;
}

export interface Socket {
  send(text: string): void;
  /** `code` is 1000 or 3000 to 4999, as browsers allow no other. */
  close(code: number, reason: string): void;
}

export interface SessionCall {
  readonly slot: string;
  readonly name: string | undefined;
  /** Sent along so that the player stays who it is. */
  readonly token: string | undefined;
}

/** Keeps one short text over a reload of the page or a restart of the program. */
export interface Store {
  read(): string | undefined;
  write(text: string): void;
}

/** All that the client needs of the runtime it is in. */
export interface Platform {
  readonly clock: Clock;
  /** At least 0, below 1. */
  readonly random: () => number;
  openSocket(target: SocketTarget, handlers: SocketHandlers): Socket;
  /** Rejects with a `GridlockError`: `session_refused` where repeating is of no use. */
  createSession(call: SessionCall): Promise<SessionAnswer>;
  readonly store?: Store | undefined;
}

/** Path and query of the socket; `game` lets the edge choose the replica that owns the game. */
export function socketPath(slot: string, game: string | undefined): string {
  return `${SOCKET_PATH}?slot=${slot}${game === undefined ? '' : `&game=${game}`}`;
}

/** `length` letters and digits. */
export function randomText(random: () => number, length: number): string {
  let text = '';
  while (text.length < length) text += Math.floor(random() * 36).toString(36);
  return text;
}
