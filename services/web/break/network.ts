import type { BrowserAnswer, BrowserScope } from '../../client/browser.ts';
import type { WebSocketLike } from '../../client/platform.ts';

type Fetch = BrowserScope['fetch'];
type SocketClass = new (url: string, protocols: string | string[]) => WebSocketLike;

/** A connection that ends when the network is cut. */
class Line {
  isCut = false;
  readonly ends = new Set<() => void>();
}

/**
 * The network between this page's client and the cluster, which can be cut. Open sockets and requests end as they do
 * when a cable is pulled, and no other begins until the network is restored.
 */
export class Network {
  /** The scope to make the client with. */
  readonly scope: BrowserScope;
  readonly #line = new Line();

  constructor(real: BrowserScope = globalThis as unknown as BrowserScope) {
    const line = this.#line;
    this.scope = {
      WebSocket: cuttableSocket(real.WebSocket as SocketClass, line),
      fetch: cuttableFetch((url, init) => real.fetch(url, init), line),
      // The browser's functions must be called on the browser's own object.
      setTimeout: (callback, delayMs) => real.setTimeout(callback, delayMs),
      clearTimeout: (timer) => real.clearTimeout(timer),
      addEventListener: (type, listener) => real.addEventListener(type, listener),
      // Reading it throws if storage is forbidden, and the client must see that.
      get sessionStorage() {
        return real.sessionStorage;
      },
      Date: real.Date,
      ...(real.location ? { location: real.location } : {}),
      ...(real.AbortController ? { AbortController: real.AbortController } : {}),
      ...(real.TextDecoderStream ? { TextDecoderStream: real.TextDecoderStream } : {}),
      ...(real.performance ? { performance: real.performance } : {}),
      ...(real.document ? { document: real.document } : {}),
      ...(real.navigator ? { navigator: real.navigator } : {}),
    };
  }

  cut(): void {
    this.#line.isCut = true;
    for (const end of [...this.#line.ends]) end();
  }

  join(): void {
    this.#line.isCut = false;
  }
}

/** As browsers report a broken connection. */
const BROKEN = { code: 1006, reason: '' };

function cuttableSocket(Real: SocketClass, line: Line): SocketClass {
  return class implements WebSocketLike {
    onmessage: WebSocketLike['onmessage'] = null;
    onclose: WebSocketLike['onclose'] = null;
    onerror: WebSocketLike['onerror'] = null;
    readonly #real: WebSocketLike;

    constructor(url: string, protocols: string | string[]) {
      if (line.isCut) throw new Error('The network is cut.');
      const real = new Real(url, protocols);
      const end = () => {
        line.ends.delete(end);
        real.onmessage = null;
        real.onclose = null;
        real.close();
        this.onclose?.(BROKEN);
      };
      line.ends.add(end);
      real.onmessage = (event) => this.onmessage?.(event);
      real.onerror = (event) => this.onerror?.(event);
      real.onclose = (event) => {
        line.ends.delete(end);
        this.onclose?.(event);
      };
      this.#real = real;
    }

    send(text: string): void {
      // Messages into a cut cable are lost without an error.
      if (!line.isCut) this.#real.send(text);
    }

    close(code?: number, reason?: string): void {
      this.#real.close(code, reason);
    }
  };
}

interface Init {
  readonly signal?: AbortSignal;
}

function cuttableFetch(real: Fetch, line: Line): Fetch {
  return async (url, init): Promise<BrowserAnswer> => {
    if (line.isCut) throw new TypeError('The network is cut.');
    const abort = new AbortController();
    const { signal } = init as Init;
    if (signal?.aborted) abort.abort();
    signal?.addEventListener('abort', () => abort.abort());
    const end = () => {
      line.ends.delete(end);
      abort.abort();
    };
    line.ends.add(end);
    try {
      // The body may be read at any later time, so a cut must still be able to abort it.
      return await real(url, { ...init, signal: abort.signal });
    } catch (error) {
      line.ends.delete(end);
      throw error;
    }
  };
}
