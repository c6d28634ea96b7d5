import http from 'k6/http';
import { WebSocket } from 'k6/websockets';
import { GridlockError } from '../../services/client/index.ts';
import type { Platform, SocketHandlers } from '../../services/client/platform.ts';
import { readSessionAnswer, sessionBody } from '../../services/client/session.ts';
import { SESSION_PATH, type ServerMessage, SUBPROTOCOL } from '../../services/protocol/index.ts';
import { TappedMessages } from './tapped-messages.ts';

/** The close code of a cut, which the client treats as a broken connection. */
export const CUT_CODE = 3000;

/** The events of a client's sockets that a test observes. */
export interface Tap {
  opening(): void;
  message(message: ServerMessage): void;
  /** Not called for a socket that the client, or `cut`, closed. */
  closed(code: number): void;
  /** A socket is open, and k6 passes on none of its messages. */
  deaf(): void;
}

/**
 * k6 1.8 drops data that arrives with the answer to the handshake when it reads before it has announced the open socket
 * (`queueMessage` in its websockets.go). Our server sends its welcome there. A socket without a message for this long
 * after it opened is opened again.
 */
const DEAF_MS = 2000;

/** k6's types lack the reason of a close event. */
interface CloseEvent {
  readonly code?: number;
  readonly reason?: string;
}

/** The runtime of the SDK inside k6, with a tap on its sockets and the means to cut them. */
export class K6Platform implements Platform {
  readonly clock = {
    now: () => Date.now(),
    setTimeout: (callback: () => void, delayMs: number) => setTimeout(callback, delayMs),
    clearTimeout: (timer: unknown) => {
      if (timer !== undefined) clearTimeout(timer as ReturnType<typeof setTimeout>);
    },
  };
  readonly random = Math.random;
  readonly #origin: string;
  readonly #tap: Tap;
  #cut: (() => void) | undefined;

  constructor(origin: string, tap: Tap) {
    this.#origin = origin;
    this.#tap = tap;
  }

  openSocket({ path, token }: { path: string; token: string | undefined }, handlers: SocketHandlers) {
    // A separate jar, because the edge's cookie would keep all clients of a virtual user on one replica.
    const socket = new WebSocket(this.#origin.replace(/^http/, 'ws') + path, null, {
      jar: new http.CookieJar(),
      headers: {
        'Sec-WebSocket-Protocol': SUBPROTOCOL,
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
    });
    let over = false;
    let heard = false;
    const end = (close: () => void) => {
      if (over) return;
      over = true;
      this.#cut = undefined;
      close();
    };
    this.#tap.opening();
    socket.onopen = () => {
      setTimeout(() => {
        if (heard) return;
        end(() => {
          this.#tap.deaf();
          socket.close(CUT_CODE, 'deaf');
          handlers.onClose(1006, 'k6 passed on no message.');
        });
      }, DEAF_MS);
    };
    socket.onmessage = (event) => {
      heard = true;
      if (!over) handlers.onMessage(event?.data);
    };
    socket.onerror = () => undefined;
    socket.onclose = ((event?: CloseEvent) =>
      end(() => {
        const code = event?.code ?? 1006;
        this.#tap.closed(code);
        handlers.onClose(code, event?.reason ?? '');
      })) as () => void;
    this.#cut = () =>
      end(() => {
        socket.close(CUT_CODE, 'cut');
        handlers.onClose(1006, 'The scenario cut it.');
      });
    return {
      send: (text: string) => {
        if (!over) socket.send(text);
      },
      close: (code: number, reason: string) => end(() => socket.close(code, reason)),
    };
  }

  /** Ends the socket so that the client sees a dead network. False when there is no socket. */
  cut(): boolean {
    const cut = this.#cut;
    cut?.();
    return cut !== undefined;
  }

  decode(text: string): ServerMessage[] {
    // Without the SDK's validation, which would be most of k6's work.
    const value = JSON.parse(text) as ServerMessage | ServerMessage[];
    return new TappedMessages(Array.isArray(value) ? value : [value], (message) => this.#tap.message(message));
  }

  async createSession(call: Parameters<Platform['createSession']>[0]) {
    const { token } = call;
    const response = await http.asyncRequest('POST', this.#origin + SESSION_PATH, sessionBody(call, 'bearer'), {
      jar: new http.CookieJar(),
      timeout: '10s',
      headers: {
        'Content-Type': 'application/json',
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      tags: { name: 'session' },
    });
    if (response.status === 0) throw new GridlockError('session_unavailable', response.error);
    return readSessionAnswer(response.status, String(response.body));
  }
}
