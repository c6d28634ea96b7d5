import { type AnyRoomType, REFUSAL_HEADER, SESSION_PATH, SUBPROTOCOL, TOKEN_PROTOCOL } from '../protocol/index.ts';
import { GridlockClient } from './client.ts';
import { GridlockError } from './errors.ts';
import type { ClientOptions } from './options.ts';
import {
  adaptWebSocket,
  type Platform,
  type SessionCall,
  type SocketHandlers,
  type SocketTarget,
  type Store,
  type WebSocketLike,
} from './platform.ts';
import {
  readSessionAnswer,
  readSessionEnd,
  sessionBody,
  sessionEndBody,
  UserToken,
  withoutSession,
} from './session.ts';

export * from './index.ts';

export interface BrowserAnswer {
  readonly status: number;
  readonly headers?: { get(name: string): string | null };
  readonly body?: {
    pipeThrough(decoder: object): {
      getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: string }> };
    };
  } | null;
  text(): Promise<string>;
}

interface Target {
  addEventListener(type: string, listener: () => void): void;
}

/** The parts of a browser's global scope that are used, declared here so that this file needs no DOM types. */
export interface BrowserScope {
  /** Missing in an edge worker, which has to name the cluster. */
  readonly location?: { readonly origin: string };
  readonly WebSocket: new (url: string, protocols: string | string[]) => unknown;
  readonly sessionStorage: { getItem(key: string): string | null; setItem(key: string, value: string): void };
  fetch(url: string, init: object): Promise<BrowserAnswer>;
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
  /** The machine's clock, which keeps running while the page is frozen. */
  readonly Date: { now(): number };
  readonly AbortController?: new () => { readonly signal: object; abort(): void };
  readonly TextDecoderStream?: new () => object;
  readonly performance?: { readonly timeOrigin: number; now(): number };
  readonly document?: Target & { readonly visibilityState: string };
  readonly navigator?: {
    /** Chromium's report about the network. */
    readonly connection?: Target;
    readonly locks?: { request(name: string, options: object, callback: () => Promise<never>): Promise<unknown> };
  };
  addEventListener(type: string, listener: () => void): void;
}

const STORE_KEY = 'gridlock';
/** How often a page checks whether it was frozen, and the shortest pause that counts. */
const WATCH_MS = 1000;
const STOOD_STILL_MS = 2500;
/** After this time the request is aborted: a later answer would still set its cookie, for an unused session. */
const SESSION_MS = 10_000;

/** A reloaded page gets its slot as soon as the previous page is gone. A copy never gets it. */
const CLAIM_MS = 1_000;
/** The slots that this page has taken. A second client of the same page is not a copy. */
const CLAIMED = new WeakMap<BrowserScope, Set<string>>();

export interface BrowserOptions<Room extends AnyRoomType = AnyRoomType> extends Partial<ClientOptions<Room>> {
  /**
   * Origin of the cluster, as `https://play.example`, for a page of another origin, which the cluster has to allow. By
   * default the origin that served the page.
   */
  readonly url?: string | undefined;
  /**
   * Keeps session and rooms over a reload; session storage by default. A second client in a page is a separate player,
   * and needs a separate store.
   */
  readonly store?: Store | undefined;
}

/**
 * A client for the cluster that served the page. The token is a cookie that scripts cannot read. Each tab is a separate
 * guest and stays that guest over a reload. A page of another origin, whose cookies browsers block, holds the token
 * itself. Throws a `GridlockError` (`wrong_address`) for an invalid URL.
 */
export function createClient<Room extends AnyRoomType = AnyRoomType>(
  { url, store, ...options }: BrowserOptions<Room> = {},
  scope: BrowserScope = globalThis as unknown as BrowserScope,
): GridlockClient<Room> {
  const client = new GridlockClient(browserPlatform(scope, url, options.token, store), options);
  onChangeOfNetwork(scope, () => client.probe());
  return client;
}

/** @deprecated The earlier name of `createClient`. */
export const createBrowserClient = createClient;

/** A change of network does not close the sockets that it breaks, but browsers give other signs of it. */
function onChangeOfNetwork(scope: BrowserScope, listener: () => void): void {
  const { document, navigator } = scope;
  scope.addEventListener('online', listener);
  // The page returned from the back-forward cache, or was resumed.
  scope.addEventListener('pageshow', listener);
  document?.addEventListener('resume', listener);
  document?.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') listener();
  });
  navigator?.connection?.addEventListener('change', listener);
  // For a page that was frozen, or whose machine slept, late timers may be the only sign.
  const watch = () => {
    const from = scope.Date.now();
    scope.setTimeout(() => {
      if (scope.Date.now() - from > STOOD_STILL_MS) listener();
      watch();
    }, WATCH_MS);
  };
  watch();
}

function browserPlatform(
  scope: BrowserScope,
  url: string | undefined,
  token: ClientOptions['token'],
  store: Store = sessionStore(scope),
): Platform {
  const server = new Server(scope, originOf(url ?? scope.location?.origin ?? ''));
  const user = token && new UserToken(token);
  const post = async (shown: string | undefined, call: SessionCall) => {
    const answer = await server.session('POST', shown, sessionBody(call, server.transport));
    const session = readSessionAnswer(answer.status, await answer.text());
    if (server.transport === 'bearer') return session;
    // Scripts of the page should not be able to read a token.
    const { token: _, ...rest } = session;
    return rest;
  };
  const { performance } = scope;
  return {
    clock: {
      now: () => (performance ? performance.timeOrigin + performance.now() : Date.now()),
      setTimeout: (callback, delayMs) => scope.setTimeout(callback, delayMs),
      clearTimeout: (timer) => scope.clearTimeout(timer),
    },
    random: Math.random,
    openSocket: (target, handlers) => server.openSocket(target, handlers),
    request: server.caller(),
    createSession: (call) => (user ? user.trade((jwt) => post(jwt, call)) : post(call.token, call)),
    endSession: async (call) => {
      readSessionEnd((await server.session('DELETE', call.token, sessionEndBody(call))).status);
    },
    store: user ? withoutSession(store) : store,
    claimSlot: (slot) => claimSlot(scope, slot),
  };
}

/** The origin in a URL. */
function originOf(url: string): string {
  const origin = /^(https?:\/\/[^/?#\s@]+)\/?$/i.exec(url)?.[1];
  if (origin !== undefined) return origin.toLowerCase();
  throw new GridlockError('wrong_address', `"${url}" is not an origin; write one like https://play.example.`);
}

const authorization = (token: string | undefined) => (token === undefined ? {} : { authorization: `Bearer ${token}` });

/** The cluster as this page reaches it. */
class Server {
  /** How the token of a session is kept. */
  readonly transport: 'cookie' | 'bearer';
  readonly #scope: BrowserScope;
  readonly #origin: string;

  constructor(scope: BrowserScope, origin: string) {
    this.#scope = scope;
    this.#origin = origin;
    this.transport = origin === scope.location?.origin ? 'cookie' : 'bearer';
  }

  openSocket({ path, token }: SocketTarget, handlers: SocketHandlers) {
    const protocols = token === undefined ? SUBPROTOCOL : [SUBPROTOCOL, TOKEN_PROTOCOL + token];
    const url = `${this.#origin.replace(/^http/, 'ws')}${path}`;
    return adaptWebSocket(new this.#scope.WebSocket(url, protocols) as WebSocketLike, handlers);
  }

  session(method: 'POST' | 'DELETE', token: string | undefined, body: string): Promise<BrowserAnswer> {
    const scope = this.#scope;
    const abort = scope.AbortController && new scope.AbortController();
    const timer = scope.setTimeout(() => abort?.abort(), SESSION_MS);
    const init = { ...this.#init(token, body), method, signal: abort?.signal };
    return scope
      .fetch(this.#origin + SESSION_PATH, init)
      .catch((error: unknown) => {
        throw new GridlockError('session_unavailable', `The request about the session failed: ${error}`);
      })
      .finally(() => scope.clearTimeout(timer));
  }

  /** Requests whose answers are read in pieces. In a browser without streams, only the WebSocket works. */
  caller(): Platform['request'] {
    const { AbortController, TextDecoderStream } = this.#scope;
    if (!AbortController || !TextDecoderStream) return undefined;
    return ({ path, token, body }, handlers) => {
      const abort = new AbortController();
      const init = { ...this.#init(token, body), method: 'POST', cache: 'no-store', signal: abort.signal };
      const read = async () => {
        const answer = await this.#scope.fetch(this.#origin + path, init);
        handlers.onAnswer(answer.status, answer.headers?.get(REFUSAL_HEADER) ?? undefined);
        const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
        for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
          if (part.value !== undefined) handlers.onText(part.value);
        }
      };
      read().then(
        () => handlers.onEnd(),
        (error: unknown) => handlers.onEnd(`The request failed: ${error}`),
      );
      return { abort: () => abort.abort() };
    };
  }

  /**
   * Sends the edge's cookie from another origin too, if the browser allows it: the cookie keeps a client at its
   * replica.
   */
  #init(token: string | undefined, body: string) {
    const headers = { 'content-type': 'application/json', ...authorization(token) };
    return { credentials: this.transport === 'cookie' ? 'same-origin' : 'include', headers, body };
  }
}

/** Session storage may be forbidden. Then even reading the property throws, and a reload makes a new guest. */
function sessionStore(scope: BrowserScope): Store {
  return {
    read: () => scope.sessionStorage.getItem(STORE_KEY) ?? undefined,
    write: (text) => scope.sessionStorage.setItem(STORE_KEY, text),
  };
}

/** A browser holds a lock for a page until the page is gone. Without locks, copies are not noticed. */
function claimSlot(scope: BrowserScope, slot: string): Promise<boolean> {
  const { AbortController, navigator } = scope;
  const claimed = CLAIMED.get(scope) ?? new Set();
  CLAIMED.set(scope, claimed);
  if (!navigator?.locks || !AbortController || claimed.has(slot)) return Promise.resolve(true);
  const { locks } = navigator;
  const abort = new AbortController();
  return new Promise((resolve) => {
    const timer = scope.setTimeout(() => abort.abort(), CLAIM_MS);
    const settle = (isClaimed: boolean) => {
      scope.clearTimeout(timer);
      if (isClaimed) claimed.add(slot);
      resolve(isClaimed);
    };
    const hold = () => {
      settle(true);
      return new Promise<never>(() => {});
    };
    locks
      .request(`gridlock-${slot}`, { signal: abort.signal }, hold)
      // Locks may be forbidden, as storage may: then a copy is not noticed.
      .catch((error: unknown) => settle((error as Error).name !== 'AbortError'));
  });
}
