import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, WebSocketServer } from 'ws';
import { CLOSE_CODES, LIMITS, REFUSAL_HEADER, SOCKET_PATH, SUBPROTOCOL, TOKEN_PROTOCOL } from '../../protocol/index.ts';
import type { Metrics } from '../ops/metrics.ts';
import {
  type Accepted,
  endRefused,
  type Handshake,
  type Place,
  type Refused,
  type RefusedReason,
  routedGame,
  SENTENCES,
} from '../session/handshake.ts';
import type { Session } from '../session/sessions.ts';
import type { Trace } from '../traces/traces.ts';
import { WsSocket } from './ws-socket.ts';

export interface UpgradeOptions {
  readonly handshake: Handshake;
  readonly accept: (accepted: Accepted) => void;
  readonly metrics: Metrics;
}

// The types of ws lag behind its options.
type BoundedOptions = ServerOptions & Record<'maxFragments' | 'maxBufferedChunks' | 'closeTimeout', number>;
/** The WebSocket options of this side. */
export const BOUNDED: BoundedOptions = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: LIMITS.messageBytes,
  maxFragments: 16,
  maxBufferedChunks: 256,
  closeTimeout: 2000,
  handleProtocols: (offered) => {
    if (offered.has(SUBPROTOCOL)) return SUBPROTOCOL;
    // The answer must not show a token to proxies.
    return [...offered].find((protocol) => !protocol.startsWith(TOKEN_PROTOCOL)) ?? false;
  },
};

/** Decides on handshakes. A refused client gets an HTTP answer before the connection becomes a WebSocket. */
export class Upgrade {
  readonly #options: UpgradeOptions;
  readonly #server = new WebSocketServer(BOUNDED);

  constructor(options: UpgradeOptions) {
    this.#options = options;
  }

  /** Takes the `upgrade` event of an HTTP server. */
  async handle(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // A peer that disconnects during the checks must not affect others.
    socket.on('error', destroyed);
    const { handshake } = this.#options;
    const trace = handshake.trace(request, 'websocket');
    try {
      const address = handshake.addressOf(request);
      const place = handshake.place(address);
      if ('status' in place) return this.#refuse(socket, place, trace);
      leaveWith(socket, place);
      if (socket.destroyed) return place.leave();
      const checked = await this.#check(request, trace);
      if ('status' in checked) return this.#refuse(socket, checked, trace);
      if (socket.destroyed) return;
      const { session, generation } = checked;
      // The answer and the welcome are one write here, and one at the edge.
      socket.cork();
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        if (webSocket.protocol !== SUBPROTOCOL) {
          this.#options.metrics.upgradesRefused.inc({ reason: 'subprotocol' });
          const { code } = CLOSE_CODES.unknownSubprotocol;
          webSocket.on('error', () => undefined);
          return webSocket.close(code, `Offer the subprotocol ${SUBPROTOCOL}.`);
        }
        const {
          headers: { origin },
          url,
        } = request;
        this.#options.accept({
          socket: new WsSocket(webSocket),
          session,
          generation,
          origin,
          address,
          game: routedGame(url),
          handshake: trace?.context,
        });
      });
      socket.uncork();
      trace?.end({ 'http.response.status_code': 101 });
    } catch {
      this.#refuse(socket, { status: 500, reason: 'internal' }, trace);
    }
  }

  async #check(
    request: IncomingMessage,
    trace: Trace | undefined,
  ): Promise<Refused | { session: Session; generation: number }> {
    const url = URL.parse(request.url ?? '', 'http://replica');
    if (url?.pathname !== SOCKET_PATH) return { status: 404, reason: 'path' };
    if (request.headers['sec-websocket-version'] !== '13') {
      const headers = { 'Sec-WebSocket-Version': '13', Upgrade: 'websocket' };
      return { status: 426, reason: 'version', headers };
    }
    // A client that will be turned away for its subprotocol must not close the player's other socket.
    return this.#options.handshake.open(request, trace, offers(request.headers['sec-websocket-protocol']));
  }

  #refuse(socket: Duplex, refused: Refused, trace: Trace | undefined): void {
    const { status, reason, headers = {} } = refused;
    endRefused(trace, refused);
    this.#options.metrics.upgradesRefused.inc({ reason });
    if (!socket.writable) return void socket.destroy();
    const body = `${OWN_SENTENCES[reason] ?? SENTENCES[reason] ?? STATUS_CODES[status]}\n`;
    const lines = Object.entries({
      Connection: 'close',
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(body)),
      [REFUSAL_HEADER]: SUBPROTOCOL,
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.once('finish', () => socket.destroy());
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  }
}

// Objects that live as long as the socket are made outside the scope of the request; otherwise they would keep the
// request alive too.
function destroyed(this: Duplex): void {
  this.destroy();
}
const leaveWith = (socket: Duplex, place: Place) => socket.once('close', place.leave);

const OWN_SENTENCES: Readonly<Partial<Record<RefusedReason, string>>> = {
  path: `The WebSocket is at ${SOCKET_PATH}.`,
  version: 'Use version 13 of the WebSocket protocol.',
};

const offers = (header: string | undefined): boolean =>
  (header ?? '').split(',').some((offer) => offer.trim() === SUBPROTOCOL);
