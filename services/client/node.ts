import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { type ClientOptions as SocketOptions, WebSocket } from 'ws';
import { REFUSAL_HEADER, SESSION_PATH, SUBPROTOCOL } from '../protocol/index.ts';
import { GridlockClient } from './client.ts';
import { GridlockError } from './errors.ts';
import type { ClientOptions } from './options.ts';
import {
  adaptWebSocket,
  type HttpCall,
  type HttpHandlers,
  type Platform,
  type Store,
  type WebSocketLike,
} from './platform.ts';
import { readSessionAnswer, readSessionEnd, sessionBody, sessionEndBody } from './session.ts';
import { codeOfRefusal } from './transports/calls.ts';

export * from './index.ts';

/** What TLS is told besides the root. */
export type TlsOptions = Pick<ConnectionOptions, 'servername' | 'allowPartialTrustChain'>;

export interface NodeOptions extends Partial<ClientOptions> {
  /** Origin of the cluster, as `https://localhost:8443`. */
  readonly url: string;
  /** PEM of the root to trust, besides none of the system's. */
  readonly ca?: string | Buffer | undefined;
  /** For a server whose certificate is under another name than the URL's, or is trusted by itself. */
  readonly tls?: TlsOptions;
  /** Keeps the session, with its token, over a restart. */
  readonly store?: Store | undefined;
}

/** How this side speaks WebSocket. The types of ws lag behind its options. */
export const SOCKET_OPTIONS: SocketOptions & { closeTimeout: number } = Object.freeze({
  perMessageDeflate: false,
  maxPayload: 1 << 20,
  closeTimeout: 2_000,
});
const SESSION_TIMEOUT = 10_000;

/** A client for programs: trusts `ca` and proves itself with a Bearer token. */
export function createNodeClient({ url, ca, tls, store, ...options }: NodeOptions): GridlockClient {
  return new GridlockClient(nodePlatform({ url, ca, store, ...(tls && { tls }) }), options);
}

export function nodePlatform({ url, ca, tls, store }: Pick<NodeOptions, 'url' | 'ca' | 'tls' | 'store'>): Platform {
  const { origin } = new URL(url);
  const trust = { ca, ...tls };
  return {
    clock: {
      now: () => Date.now(),
      setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
      clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
    },
    random: Math.random,
    openSocket: ({ path, token }, handlers) => {
      const options: SocketOptions = {
        ...trust,
        ...SOCKET_OPTIONS,
        ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
      };
      const webSocket = new WebSocket(origin.replace(/^http/, 'ws') + path, SUBPROTOCOL, options);
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
      return adaptWebSocket(webSocket as unknown as WebSocketLike, {
        onMessage: handlers.onMessage,
        onClose: (code, reason) => handlers.onClose(refusedWith ?? code, reason || failure),
      });
    },
    request: (call, handlers) => callServer(origin, trust, call, handlers),
    createSession: async (call) => {
      const { status, text } = await callSession(origin, trust, 'POST', call.token, sessionBody(call, 'bearer'));
      return readSessionAnswer(status, text);
    },
    endSession: async (call) => {
      readSessionEnd((await callSession(origin, trust, 'DELETE', call.token, sessionEndBody(call))).status);
    },
    store,
  };
}

const headerOf = (response: IncomingMessage) => String(response.headers[REFUSAL_HEADER] ?? '') || undefined;

type Trust = Pick<NodeOptions, 'ca'> & TlsOptions;

function callServer(origin: string, trust: Trust, { path, token, body }: HttpCall, handlers: HttpHandlers) {
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const send = origin.startsWith('https:') ? request : plainRequest;
  let isOver = false;
  const end = (error?: string) => {
    if (!isOver) handlers.onEnd(error);
    isOver = true;
  };
  const call = send(origin + path, { method: 'POST', headers, ...trust }, (response) => {
    handlers.onAnswer(response.statusCode ?? 0, headerOf(response));
    response.setEncoding('utf8').on('data', (text: string) => isOver || handlers.onText(text));
    response.on('error', (error) => end(`The answer broke off: ${error.message}`)).on('end', () => end());
  });
  call.setNoDelay(true);
  call.on('error', (error) => end(`The request failed: ${error.message}`));
  call.end(body);
  return { abort: () => void call.destroy() };
}

function callSession(
  origin: string,
  trust: Trust,
  method: 'POST' | 'DELETE',
  token: string | undefined,
  body: string,
): Promise<{ status: number; text: string }> {
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const options = { method, headers, ...trust, timeout: SESSION_TIMEOUT };
  const send = origin.startsWith('https:') ? request : plainRequest;
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const call = send(origin + SESSION_PATH, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.on('timeout', () => call.destroy(new Error('no answer in time'))).on('error', reject);
    call.end(body);
  }).catch((error: Error) => {
    throw new GridlockError('session_unavailable', `The request about the session failed: ${error.message}`);
  });
}
