import { request } from 'node:https';
import { request as plainRequest } from 'node:http';
import { WebSocket, type ClientOptions as SocketOptions } from 'ws';
import { SESSION_PATH, SUBPROTOCOL } from '../protocol/index.ts';
import { GridlockClient } from './client.ts';
import { GridlockError } from './errors.ts';
import type { ClientOptions } from './options.ts';
import type { Platform, SessionCall, Store } from './platform.ts';
import { readSessionAnswer, sessionBody } from './session-http.ts';
import { adaptWebSocket, type WebSocketLike } from './web-socket.ts';

export * from './index.ts';

export interface NodeOptions extends Partial<ClientOptions> {
  /** Origin of the cluster, as `https://localhost:8443`. */
  readonly url: string;
  /** PEM of the root to trust, besides none of the system's. */
  readonly ca?: string | Buffer | undefined;
  /** Keeps the session, with its token, over a restart. */
  readonly store?: Store | undefined;
}

const MAX_FRAME = 1 << 20;
const CLOSE_TIMEOUT = 2_000;
const SESSION_TIMEOUT = 10_000;
/** Close codes that say what an HTTP status of the upgrade means. */
const CODE_OF_STATUS: Readonly<Record<number, number>> = { 401: 4401, 403: 1008, 429: 1013, 503: 1013 };

/** A client for programs: trusts `ca` and proves itself with a Bearer token. */
export function createNodeClient({ url, ca, store, ...options }: NodeOptions): GridlockClient {
  return new GridlockClient(nodePlatform({ url, ca, store }), options);
}

export function nodePlatform({ url, ca, store }: Pick<NodeOptions, 'url' | 'ca' | 'store'>): Platform {
  const { origin } = new URL(url);
  return {
    clock: {
      now: () => Date.now(),
      setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
      clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
    },
    random: Math.random,
    openSocket: ({ path, token }, handlers) => {
      const options: SocketOptions & { closeTimeout: number } = {
        ca,
        perMessageDeflate: false,
        maxPayload: MAX_FRAME,
        closeTimeout: CLOSE_TIMEOUT,
        ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
      };
      const webSocket = new WebSocket(origin.replace(/^http/, 'ws') + path, SUBPROTOCOL, options);
      let refusedWith: number | undefined;
      let failure = '';
      webSocket.on('error', (error) => {
        failure ||= error.message;
      });
      webSocket.on('unexpected-response', (upgrade, response) => {
        refusedWith = CODE_OF_STATUS[response.statusCode ?? 0];
        failure = `The server answered ${response.statusCode} to the upgrade.`;
        upgrade.destroy();
        webSocket.terminate();
      });
      return adaptWebSocket(webSocket as unknown as WebSocketLike, {
        onMessage: handlers.onMessage,
        onClose: (code, reason) => handlers.onClose(refusedWith ?? code, reason || failure),
      });
    },
    createSession: (call) => createSession(origin, ca, call),
    store,
  };
}

function createSession(origin: string, ca: NodeOptions['ca'], call: SessionCall) {
  const body = sessionBody(call, 'bearer');
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
  };
  const options = { method: 'POST', headers, ca, timeout: SESSION_TIMEOUT };
  const post = origin.startsWith('https:') ? request : plainRequest;
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const call = post(origin + SESSION_PATH, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.on('timeout', () => call.destroy(new Error('no answer in time'))).on('error', reject);
    call.end(body);
  }).then(
    ({ status, text }) => readSessionAnswer(status, text),
    (error: Error) => {
      throw new GridlockError('session_unavailable', `The request for a session failed: ${error.message}`);
    },
  );
}
