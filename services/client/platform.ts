import type { ServerMessage, SessionAnswer } from '../protocol/index.ts';
import type { Clock } from './clock.ts';

/** The address of a socket: path and query on the cluster's origin, and the token if no cookie carries it. */
export interface SocketTarget {
  readonly path: string;
  readonly token: string | undefined;
}

export interface SocketHandlers {
  onMessage(data: unknown): void;
  /** Called once, even if the socket never opened; `code` as in `protocol/codes.ts`. */
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
  /** Sent so that the player keeps its identity. */
  readonly token: string | undefined;
}

/** A `POST` of JSON to the cluster's origin, with the token where no cookie carries it. */
export interface HttpCall {
  readonly path: string;
  readonly token: string | undefined;
  readonly body: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** The header `gridlock-protocol`, which the servers set when they refuse. */
  readonly refusedBy: string | undefined;
  readonly text: string;
}

export interface HttpHandlers {
  /** The head of the answer is there. */
  onAnswer(status: number, refusedBy: string | undefined): void;
  /** A piece of the body, as soon as it is there. */
  onText(text: string): void;
  /** The answer is complete, or failed with a sentence; called once, and perhaps after an abort. */
  onEnd(error?: string): void;
}

/** Keeps one short text over a reload of the page or a restart of the program. */
export interface Store {
  read(): string | undefined;
  write(text: string): void;
}

/** All that the client needs from its runtime. */
export interface Platform {
  readonly clock: Clock;
  /** At least 0, below 1. */
  readonly random: () => number;
  openSocket(target: SocketTarget, handlers: SocketHandlers): Socket;
  /** For the transports besides WebSocket; left out where there are none. */
  readonly request?: ((call: HttpCall, handlers: HttpHandlers) => { abort(): void }) | undefined;
  /** Rejects with a `GridlockError`: `session_refused` or `wrong_address` if a repeat cannot help. */
  createSession(call: SessionCall): Promise<SessionAnswer>;
  /** `DELETE /api/session`; left out where nobody logs out. */
  endSession?(call: SessionCall): Promise<void>;
  readonly store?: Store | undefined;
  /**
   * Takes a slot for the life of this page; false when the page from which this one was copied has it. Left out where
   * pages cannot be copied.
   */
  claimSlot?(slot: string): Promise<boolean>;
  /** Replaces `decodeServerFrame` for a caller that must see the frames too. Throws for an invalid frame. */
  decode?(text: string): ServerMessage[];
}

/** `length` letters and digits. */
export function randomText(random: () => number, length: number): string {
  let text = '';
  while (text.length < length) text += Math.floor(random() * 36).toString(36);
  return text;
}

/** The part of the standard `WebSocket` that is used here. Browsers, Node's `ws` and k6 have it. */
export interface WebSocketLike {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** Makes a `Socket` of a standard WebSocket. */
export function adaptWebSocket(webSocket: WebSocketLike, handlers: SocketHandlers): Socket {
  let told = false;
  webSocket.onmessage = (event) => handlers.onMessage(event.data);
  // A close event always follows, and says more.
  webSocket.onerror = () => {};
  webSocket.onclose = (event) => {
    if (told) return;
    told = true;
    handlers.onClose(event.code, event.reason);
  };
  return {
    send: (text) => webSocket.send(text),
    close: (code, reason) => {
      told = true;
      webSocket.close(code, reason);
    },
  };
}
