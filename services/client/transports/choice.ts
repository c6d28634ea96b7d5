import type { Transport } from '../../protocol/index.ts';
import type { Platform, Socket, SocketHandlers, SocketTarget } from '../platform.ts';

/** Failed connections in a row before the next transport is tried: at first, and once the transport has worked. */
const FAILURES = 2;
const FAILURES_OF_PROVEN = 6;
/** How long another transport that works is kept before the best one is tried again, at the next connection. */
export const KEEP_MS = 300_000;

/** Chooses the transport of the next connection. */
export class TransportChoice {
  readonly #transports: readonly Transport[];
  readonly #now: () => number;
  readonly #proven = new Set<Transport>();
  #index = 0;
  #failures = 0;
  #since = 0;
  #keepMs = KEEP_MS;
  /** The last transport that worked, to return to when the best one still fails. */
  #fallback = 0;

  /** `transports`: the best first. `now` in milliseconds. */
  constructor(transports: readonly Transport[], now: () => number) {
    this.#transports = transports;
    this.#now = now;
  }

  get current(): Transport {
    return this.#transports[this.#index] ?? 'websocket';
  }

  /** To be called before a connection is made. */
  next(): Transport {
    if (this.#index > 0 && this.#fallback === this.#index && this.#now() - this.#since >= this.#keepMs) {
      this.#index = 0;
      // One failure is enough to return to the transport that works.
      this.#failures = FAILURES - 1;
    }
    return this.current;
  }

  /** The connection began. */
  worked(): void {
    this.#failures = 0;
    this.#proven.add(this.current);
    if (this.#index === 0) {
      this.#keepMs = KEEP_MS;
      this.#fallback = 0;
    } else if (this.#fallback !== this.#index) {
      this.#fallback = this.#index;
      this.#since = this.#now();
    }
  }

  /** The connection never began, and not because the server refused it. */
  failed(): void {
    this.#failures += 1;
    if (this.#index === 0 && this.#fallback > 0) {
      if (this.#failures < FAILURES) return;
      this.#index = this.#fallback;
      this.#since = this.#now();
      this.#keepMs *= 2;
      this.#failures = 0;
      return;
    }
    // A proxy rarely breaks a transport that has worked: more likely the server is down, for all transports.
    const allowed = this.#proven.has(this.current) ? FAILURES_OF_PROVEN : FAILURES;
    if (this.#failures < allowed) return;
    this.#index = (this.#index + 1) % this.#transports.length;
    this.#failures = 0;
  }
}

/** The transports that the platform supports. */
export function supported(platform: Platform, transports: readonly Transport[]): readonly Transport[] {
  const can = transports.filter((transport) => transport === 'websocket' || platform.request);
  return can.length > 0 ? can : ['websocket'];
}

/** The opener of sockets for a transport. All but WebSocket are loaded when they are needed, which is rare. */
export function openerOf(platform: Platform, transport: Transport): Platform['openSocket'] {
  if (transport === 'websocket' || !platform.request)
    return (target, handlers) => platform.openSocket(target, handlers);
  const opener = import('./fallbacks.ts').then(({ fallbackOf }) => fallbackOf(platform, transport));
  return (target, handlers) => openLater(opener, target, handlers);
}

/** A socket whose opener is still loading: messages wait until then. */
function openLater(opener: Promise<Platform['openSocket']>, target: SocketTarget, handlers: SocketHandlers): Socket {
  let socket: Socket | undefined;
  let isClosed = false;
  const waiting: string[] = [];
  opener.then(
    (open) => {
      if (isClosed) return;
      socket = open(target, handlers);
      for (const text of waiting) socket.send(text);
    },
    (error: unknown) => isClosed || handlers.onClose(1006, `The transport could not be loaded: ${String(error)}`),
  );
  return {
    send: (text) => void (socket ? socket.send(text) : waiting.push(text)),
    close: (code, reason) => {
      isClosed = true;
      socket?.close(code, reason);
    },
  };
}
