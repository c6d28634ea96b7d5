import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { WebSocket } from 'ws';
import { type AnyRoomType, REFUSAL_HEADER, SESSION_PATH, SUBPROTOCOL } from '../protocol/index.ts';
import { GridlockClient } from './client.ts';
import { GridlockError } from './errors.ts';
import type { ClientOptions } from './options.ts';
import {
  adaptWebSocket,
  type HttpCall,
  type HttpHandlers,
  type Platform,
  type SessionCall,
  type Store,
} from './platform.ts';
import {
  readSessionAnswer,
  readSessionEnd,
  sessionBody,
  sessionEndBody,
  UserToken,
  withoutSession,
} from './session.ts';
import { codeOfRefusal } from './transports/calls.ts';

export * from './index.ts';

/** TLS options other than the root. */
export type TlsOptions = Pick<ConnectionOptions, 'servername' | 'allowPartialTrustChain'>;

/** Where the cluster is, and how it is reached. */
export interface NodeTarget {
  /** Origin of the cluster, as `https://localhost:8443`; `wss:` and `ws:` are read as `https:` and `http:`. */
  readonly url: string;
  /** PEM of the only root to trust, in place of the system's. */
  readonly ca?: string | Buffer | undefined;
  /** For a server whose certificate has another name than the URL, or is trusted directly. */
  readonly tls?: TlsOptions | undefined;
  /**
   * Makes the connections of session, socket and fallback transports, for example through a proxy. Without it, all of
   * them obey the proxy variables that Node obeys (`NODE_USE_ENV_PROXY`), or a `globalAgent` that was replaced.
   */
  readonly agent?: http.Agent | undefined;
  /** Keeps the session, with its token, over a restart. */
  readonly store?: Store | undefined;
}

export interface NodeOptions<Room extends AnyRoomType = AnyRoomType> extends NodeTarget, Partial<ClientOptions<Room>> {}

/** The WebSocket options of this side. The types of ws lag behind its options. */
export const SOCKET_OPTIONS: Readonly<{ perMessageDeflate: false; maxPayload: number; closeTimeout: number }> =
  Object.freeze({ perMessageDeflate: false, maxPayload: 1 << 20, closeTimeout: 2_000 });
const SESSION_TIMEOUT_MS = 10_000;

/** Permanent errors: the certificate is not trusted, the server speaks no TLS or HTTP, or the name is unknown. */
const WRONG_ADDRESS =
  /^(CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH|ERR_TLS_CERT|ERR_SSL_|EPROTO|HPE_|ENOTFOUND)/;

/** A client for programs: trusts `ca` and proves itself with a Bearer token. Throws on an invalid URL. */
export function createClient<Room extends AnyRoomType = AnyRoomType>({
  url,
  ca,
  tls,
  agent,
  store,
  ...options
}: NodeOptions<Room>): GridlockClient<Room> {
  return new GridlockClient(nodePlatform({ url, ca, tls, agent, store }, options.token), options);
}

/** @deprecated The earlier name of `createClient`. */
export const createNodeClient = createClient;

/**
 * The runtime of the SDK in Node, for a cluster; `token` as in the options. Throws a `GridlockError` (`wrong_address`)
 * on an invalid URL.
 */
export function nodePlatform(target: NodeTarget, token?: ClientOptions['token']): Platform {
  const server = new Server(target);
  const user = token && new UserToken(token);
  const post = async (shown: string | undefined, call: SessionCall) => {
    const { status, text } = await server.ask('POST', shown, sessionBody(call, 'bearer'));
    return readSessionAnswer(status, text);
  };
  return {
    clock: {
      now: () => performance.timeOrigin + performance.now(),
      setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
      clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
    },
    random: Math.random,
    openSocket: (address, handlers) => server.openSocket(address, handlers),
    request: (call, handlers) => server.request({ method: 'POST', ...call }, handlers),
    createSession: (call) => (user ? user.trade((jwt) => post(jwt, call)) : post(call.token, call)),
    endSession: async (call) => {
      readSessionEnd((await server.ask('DELETE', call.token, sessionEndBody(call))).status);
    },
    store: user ? withoutSession(target.store) : target.store,
  };
}

/** The origin in a URL. */
function originOf(url: string): string {
  const parsed = URL.parse(url.replace(/^ws(s?:)/i, 'http$1'));
  if (parsed && /^https?:$/.test(parsed.protocol) && parsed.host !== '') return parsed.origin;
  throw new GridlockError(
    'wrong_address',
    `"${url}" is not the address of a cluster; write one like https://localhost:8443.`,
  );
}

const headerOf = (response: IncomingMessage) => String(response.headers[REFUSAL_HEADER] ?? '') || undefined;

type Call = HttpCall & { readonly method: 'POST' | 'DELETE' };

/** The cluster as this program reaches it. */
class Server {
  readonly #origin: string;
  readonly #agent: http.Agent | undefined;
  readonly #trust: Pick<NodeTarget, 'ca'> & TlsOptions;

  constructor({ url, ca, tls, agent }: NodeTarget) {
    this.#origin = originOf(url);
    this.#agent = agent;
    this.#trust = { ca, ...tls };
  }

  openSocket({ path, token }: Parameters<Platform['openSocket']>[0], handlers: Parameters<Platform['openSocket']>[1]) {
    const webSocket = new WebSocket(this.#origin.replace(/^http/, 'ws') + path, SUBPROTOCOL, {
      ...this.#trust,
      ...SOCKET_OPTIONS,
      agent: this.#agent ?? this.#proxy(),
      headers: authorization(token),
    });
    let refusedWith: number | undefined;
    let failure = '';
    webSocket.on('error', (error) => {
      failure ||= error.message;
    });
    webSocket.on('unexpected-response', (upgrade, response) => {
      refusedWith = codeOfRefusal(response.statusCode ?? 0, headerOf(response));
      failure = `The server answered ${response.statusCode} to the upgrade.`;
      upgrade.destroy();
      webSocket.terminate();
    });
    // The types of ws are narrower for `onmessage` than the standard.
    return adaptWebSocket(webSocket as unknown as Parameters<typeof adaptWebSocket>[0], {
      onMessage: handlers.onMessage,
      onClose: (code, reason) => handlers.onClose(refusedWith ?? code, reason || failure),
    });
  }

  request(call: Call, handlers: HttpHandlers): { abort(): void } {
    let isOver = false;
    const end = (error?: string) => {
      if (!isOver) handlers.onEnd(error);
      isOver = true;
    };
    const request = this.#send(call, (response) => {
      handlers.onAnswer(response.statusCode ?? 0, headerOf(response));
      response.setEncoding('utf8').on('data', (text: string) => isOver || handlers.onText(text));
      response.on('error', (error) => end(`The answer broke off: ${error.message}`)).on('end', () => end());
    });
    request.on('error', (error) => end(`The request failed: ${error.message}`));
    return { abort: () => void request.destroy() };
  }

  /** A request about the session; rejects with a `GridlockError`. */
  async ask(
    method: Call['method'],
    token: string | undefined,
    body: string,
  ): Promise<{ status: number; text: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ response: IncomingMessage; text: string }>();
    const request = this.#send({ method, path: SESSION_PATH, token, body }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('error', reject).on('end', () => resolve({ response, text }));
    });
    request.setTimeout(SESSION_TIMEOUT_MS, () => request.destroy(new Error('no answer in time'))).on('error', reject);
    const { response, text } = await promise.catch((error: NodeJS.ErrnoException) => {
      const code = WRONG_ADDRESS.test(error.code ?? '') ? 'wrong_address' : 'session_unavailable';
      throw new GridlockError(code, `The request about the session failed: ${error.message}`);
    });
    const { statusCode: status = 0, headers } = response;
    if (status < 300 || status > 399) return { status, text };
    const { origin: elsewhere = 'nowhere' } = URL.parse(headers.location ?? '', this.#origin) ?? {};
    const sentence = `${this.#origin} redirects to ${elsewhere} (${status}); use that address.`;
    throw new GridlockError('wrong_address', sentence);
  }

  #send({ method, path, token, body }: Call, onResponse: (response: IncomingMessage) => void): http.ClientRequest {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...authorization(token),
    };
    const options = { method, headers, ...this.#trust, ...(this.#agent && { agent: this.#agent }) };
    const request = this.#protocol.request(this.#origin + path, options, onResponse);
    request.setNoDelay(true);
    request.end(body);
    return request;
  }

  get #protocol(): typeof http | typeof https {
    return this.#origin.startsWith('https:') ? https : http;
  }

  /**
   * An agent for the proxy that Node's own requests use, because ws uses no agent by default. Each socket gets a new
   * connection: one left over from a request may be about to close.
   */
  #proxy(): http.Agent | undefined {
    const { globalAgent, Agent } = this.#protocol;
    if (globalAgent.constructor !== Agent) return globalAgent;
    const { proxyEnv } = (globalAgent as { options?: { proxyEnv?: NodeJS.ProcessEnv } }).options ?? {};
    return proxyEnv && new Agent({ keepAlive: false, proxyEnv });
  }
}

const authorization = (token: string | undefined) => (token === undefined ? {} : { authorization: `Bearer ${token}` });
