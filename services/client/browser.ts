import { SESSION_PATH, SUBPROTOCOL } from '../protocol/index.ts';
import { GridlockClient } from './client.ts';
import { GridlockError } from './errors.ts';
import type { ClientOptions } from './options.ts';
import type { Platform, Store } from './platform.ts';
import { readSessionAnswer, sessionBody } from './session-http.ts';
import { adaptWebSocket, type WebSocketLike } from './web-socket.ts';

export * from './index.ts';

/** What is used of a browser's global scope; said here, so that this file needs no declarations of the DOM. */
export interface BrowserScope {
  readonly location: { readonly origin: string };
  readonly WebSocket: new (url: string, protocol: string) => unknown;
  readonly sessionStorage: { getItem(key: string): string | null; setItem(key: string, value: string): void };
  fetch(url: string, init: object): Promise<{ readonly status: number; text(): Promise<string> }>;
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
  addEventListener(type: 'online', listener: () => void): void;
}

const STORE_KEY = 'gridlock';

/**
 * A client for the cluster that served the page. The token is a cookie that scripts cannot read; each tab is a guest of
 * its own and stays the same one over a reload.
 */
export function createBrowserClient(
  options: Partial<ClientOptions> = {},
  scope: BrowserScope = globalThis as unknown as BrowserScope,
): GridlockClient {
  const client = new GridlockClient(browserPlatform(scope), options);
  // Back in the net: there is no point in sitting out the back-off.
  scope.addEventListener('online', () => {
    if (client.state !== 'closed') client.reconnect().catch(() => {});
  });
  return client;
}

export function browserPlatform(scope: BrowserScope): Platform {
  const { origin } = scope.location;
  return {
    clock: {
      now: () => Date.now(),
      setTimeout: (callback, delayMs) => scope.setTimeout(callback, delayMs),
      clearTimeout: (timer) => scope.clearTimeout(timer),
    },
    random: Math.random,
    openSocket: ({ path }, handlers) => {
      const url = `${origin.replace(/^http/, 'ws')}${path}`;
      return adaptWebSocket(new scope.WebSocket(url, SUBPROTOCOL) as WebSocketLike, handlers);
    },
    createSession: async (call) => {
      const answer = await scope.fetch(`${origin}${SESSION_PATH}`, {
        method: 'POST',
        credentials: 'same-origin',
        headers: { 'content-type': 'application/json' },
        body: sessionBody(call, 'cookie'),
      }).catch((error: unknown) => {
        throw new GridlockError('session_unavailable', `The request for a session failed: ${String(error)}`);
      });
      return readSessionAnswer(answer.status, await answer.text());
    },
    store: sessionStore(scope),
  };
}

/** Session storage may be forbidden: then already looking at it throws, and a reload makes a new guest. */
function sessionStore(scope: BrowserScope): Store {
  return {
    read: () => scope.sessionStorage.getItem(STORE_KEY) ?? undefined,
    write: (text) => scope.sessionStorage.setItem(STORE_KEY, text),
  };
}
