import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import * as v from 'valibot';
import { CLOSE_CODES, LIMITS, sessionCookie, Slot, SOCKET_PATH, SUBPROTOCOL } from '../protocol/index.ts';
import type { Metrics } from './metrics.ts';
import { bearerToken, type Session, type Sessions } from './session.ts';

export interface Accepted {
  readonly socket: WebSocket;
  readonly session: Session;
  readonly generation: number;
  readonly origin: string | undefined;
  readonly address: string;
}

export interface UpgradeOptions {
  readonly sessions: Sessions;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly parseCookie: (header: string) => Record<string, string | undefined>;
  readonly isDraining: () => boolean;
  /** The generation of the player's new socket; rejects when the store is not there. */
  readonly fence: (player: string) => Promise<number>;
  readonly accept: (accepted: Accepted) => void;
  readonly metrics: Metrics;
}

// The types of ws lag behind its options.
type BoundedOptions = ServerOptions & Record<'maxFragments' | 'maxBufferedChunks' | 'closeTimeout', number>;
const BOUNDED: BoundedOptions = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: LIMITS.messageBytes,
  maxFragments: 16,
  maxBufferedChunks: 256,
  closeTimeout: 2000,
  handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : ([...offered][0] ?? false)),
};

interface Refused {
  readonly status: number;
  readonly reason: string;
  readonly headers?: Record<string, string>;
}

/**
 * Decides on handshakes: who may not come in is told so in HTTP, before the connection becomes a WebSocket.
 */
export class Upgrade {
  readonly #options: UpgradeOptions;
  readonly #server = new WebSocketServer(BOUNDED);

  constructor(options: UpgradeOptions) {
    this.#options = options;
  }

  /** Takes the `upgrade` event of an HTTP server. */
  async handle(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // A peer that hangs up during the checks is no concern of anybody else.
    socket.on('error', () => socket.destroy());
    try {
      const checked = await this.#check(request);
      if ('status' in checked) return this.#refuse(socket, checked);
      if (socket.destroyed) return;
      const { session, generation } = checked;
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        if (webSocket.protocol !== SUBPROTOCOL) {
          this.#options.metrics.upgradesRefused.inc({ reason: 'subprotocol' });
          const { code } = CLOSE_CODES.unknownSubprotocol;
          webSocket.on('error', () => undefined);
          return webSocket.close(code, `Offer the subprotocol ${SUBPROTOCOL}.`);
        }
        const { origin, 'x-forwarded-for': forwardedFor } = request.headers;
        const address = firstOf(forwardedFor) ?? request.socket.remoteAddress ?? '';
        this.#options.accept({ socket: webSocket, session, generation, origin, address });
      });
    } catch {
      this.#refuse(socket, { status: 500, reason: 'internal' });
    }
  }

  async #check(request: IncomingMessage): Promise<Refused | { session: Session; generation: number }> {
    const { sessions, allowedOrigins, isDraining, fence } = this.#options;
    const { origin, authorization } = request.headers;
    const url = URL.parse(request.url ?? '', 'http://replica');
    if (url?.pathname !== SOCKET_PATH) return { status: 404, reason: 'path' };
    if (isDraining()) return { status: 503, reason: 'draining', headers: { 'Retry-After': '1' } };
    if (request.headers['sec-websocket-version'] !== '13') {
      const headers = { 'Sec-WebSocket-Version': '13', Upgrade: 'websocket' };
      return { status: 426, reason: 'version', headers };
    }
    const token = bearerToken(authorization);
    // A page of another origin could use the cookie, but it cannot set a header on a WebSocket.
    const isPage = origin !== undefined || (token === undefined && request.headers.cookie !== undefined);
    if (isPage && !allowedOrigins.has(origin ?? '')) return { status: 403, reason: 'origin' };
    const session = await sessions.read(token ?? this.#cookieToken(request, url) ?? '');
    if (!session) return { status: 401, reason: 'token', headers: { 'WWW-Authenticate': 'Bearer' } };
    // Who will be turned away for the subprotocol must not close the player's other socket.
    if (!offers(request.headers['sec-websocket-protocol'])) return { session, generation: 0 };
    try {
      return { session, generation: await fence(session.player.id) };
    } catch {
      return { status: 503, reason: 'store', headers: { 'Retry-After': '2' } };
    }
  }

  #cookieToken(request: IncomingMessage, url: URL): string | undefined {
    const slot = url.searchParams.get('slot') ?? '0';
    if (!v.is(Slot, slot)) return undefined;
    return this.#options.parseCookie(request.headers.cookie ?? '')[sessionCookie(slot)];
  }

  #refuse(socket: Duplex, { status, reason, headers = {} }: Refused): void {
    this.#options.metrics.upgradesRefused.inc({ reason });
    if (!socket.writable) return void socket.destroy();
    const body = `${SENTENCES[reason] ?? STATUS_CODES[status]}\n`;
    const lines = Object.entries({
      Connection: 'close',
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(body)),
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.once('finish', () => socket.destroy());
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  }
}

const SENTENCES: Record<string, string> = {
  path: `The WebSocket is at ${SOCKET_PATH}.`,
  draining: 'This replica is going away; try again.',
  version: 'Use version 13 of the WebSocket protocol.',
  origin: 'Pages of this origin may not connect.',
  token: 'The player token is missing, expired or not valid; get one from POST /api/session.',
  store: 'The store is not available; try again.',
};

const offers = (header: string | undefined): boolean =>
  (header ?? '').split(',').some((offer) => offer.trim() === SUBPROTOCOL);

const firstOf = (header: string | string[] | undefined): string | undefined =>
  (Array.isArray(header) ? header[0] : header)?.split(',')[0]?.trim().slice(0, 64);
