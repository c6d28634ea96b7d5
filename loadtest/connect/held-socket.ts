import type { IncomingMessage } from 'node:http';
import { connect as connectTcp, isIP } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import { type ConnectPlan, forSocket } from './options.ts';
import type { Tally } from './tally.ts';

const HANDSHAKE_MS = 10_000;
/**
 * Back-off of a socket that was dropped or refused. It doubles each time, with jitter, so that sockets do not all
 * return at once.
 */
const BACKOFF = { firstMs: 250, lastMs: 5000 };
const NORMAL = 1000;

/** Leads the connection through a port of this machine; the certificate is still that of the target. */
function leadThrough(port: number): ClientOptions {
  const tcp = () => connectTcp({ host: '127.0.0.1', port });
  const connect = (options: ConnectionOptions & { isServer?: boolean; defaultPort?: number | string }) => {
    // The same rule as in ws.
    const servername = options.servername ?? (isIP(options.host ?? '') === 0 ? options.host : '');
    return options.defaultPort === 80 ? tcp() : connectTls({ ...options, path: undefined, socket: tcp(), servername });
  };
  return { createConnection: connect as unknown as typeof connectTcp };
}

/** One client: it connects, holds its socket, sends its pings, and reconnects when it is cut. */
export class HeldSocket {
  readonly #plan: ConnectPlan;
  readonly #tally: Tally;
  readonly #number: number;
  #socket: WebSocket | undefined;
  /** The edge's cookie, as a browser would keep it. */
  #cookie: string | undefined;
  #attempts = 0;
  #droppedAt: number | undefined;
  /** When the pings that have no answer yet were sent. */
  #unanswered: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #pinging: NodeJS.Timeout | undefined;
  #over = false;

  /** `number` counts from 1. */
  constructor(plan: ConnectPlan, tally: Tally, number: number) {
    this.#plan = plan;
    this.#tally = tally;
    this.#number = number;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Pings that were sent over the open socket and have no answer yet. */
  get unanswered(): number {
    return this.#unanswered.length;
  }

  openAfter(delayMs: number): void {
    this.#timer = setTimeout(() => this.#connect(), delayMs);
  }

  /** Sends nothing more; messages under way may still arrive. */
  fallSilent(): void {
    clearTimeout(this.#pinging);
    this.#pinging = undefined;
  }

  /** Closes the socket for good. This does not count as a drop. */
  close(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.fallSilent();
    this.#socket?.close(NORMAL);
  }

  /** Ends the socket at once, where `close` did not. */
  terminate(): void {
    this.#socket?.terminate();
  }

  #connect(): void {
    const { target, ca, through, headers } = this.#plan;
    const begun = performance.now();
    const own = headers.map(([name, value]) => [name, forSocket(value, this.#number)] as const);
    const socket = new WebSocket(forSocket(target, this.#number), {
      ...(ca === undefined ? {} : { ca }),
      ...(through === undefined ? {} : leadThrough(through)),
      headers: { ...(this.#cookie === undefined ? {} : { Cookie: this.#cookie }), ...Object.fromEntries(own) },
      handshakeTimeout: HANDSHAKE_MS,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    let opened = false;
    let problem = 'it was closed during the handshake';
    socket.on('upgrade', (response: IncomingMessage) => this.#keepCookie(response));
    socket.on('unexpected-response', (request, response) => {
      problem = `HTTP ${response.statusCode}`;
      // When there is a listener, ws leaves the clean-up to it.
      request.destroy();
      this.#failed(problem);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (problem = error.code ?? error.message));
    socket.on('open', () => {
      opened = true;
      this.#opened(performance.now() - begun);
    });
    socket.on('message', (data) => this.#heard(String(data)));
    socket.on('close', (code) => {
      if (this.#socket !== socket) return;
      if (opened) this.#closed(code);
      else this.#failed(problem);
    });
  }

  #keepCookie({ headers }: IncomingMessage): void {
    const [given] = headers['set-cookie'] ?? [];
    if (given !== undefined) this.#cookie = given.split(';')[0];
  }

  #opened(ms: number): void {
    this.#tally.opening(ms);
    if (this.#droppedAt !== undefined) this.#tally.times.reconnect.add(performance.now() - this.#droppedAt);
    this.#droppedAt = undefined;
    this.#attempts = 0;
    const { ping } = this.#plan;
    if (ping === undefined || this.#over) return;
    const everyMs = 1000 / ping.pace;
    // Not all in the same moment.
    this.#pinging = setTimeout(() => this.#ping(everyMs), Math.random() * everyMs);
  }

  #ping(everyMs: number): void {
    if (!this.isOpen) return;
    this.#unanswered.push(performance.now());
    this.#tally.sent += 1;
    this.#socket!.send(forSocket(this.#plan.ping!.text, this.#number));
    this.#pinging = setTimeout(() => this.#ping(everyMs), everyMs);
  }

  #heard(text: string): void {
    const { ping } = this.#plan;
    // Anything else that the server sends is not an answer.
    if (ping === undefined || !text.includes(forSocket(ping.expect, this.#number))) return;
    const sentAt = this.#unanswered.shift();
    if (sentAt !== undefined) this.#tally.echoed(performance.now() - sentAt);
  }

  #closed(code: number): void {
    this.#socket = undefined;
    this.fallSilent();
    if (this.#over) {
      this.#tally.open -= 1;
      return;
    }
    this.#tally.dropped(code, this.#unanswered.length);
    this.#unanswered = [];
    this.#droppedAt = performance.now();
    this.#again();
  }

  #failed(reason: string): void {
    this.#socket = undefined;
    if (this.#over) return;
    this.#tally.failed(reason);
    this.#again();
  }

  #again(): void {
    const mostMs = Math.min(BACKOFF.firstMs * 2 ** this.#attempts, BACKOFF.lastMs);
    this.#attempts += 1;
    this.openAfter(Math.random() * mostMs);
  }
}
