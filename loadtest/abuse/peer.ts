import { once } from 'node:events';
import { Agent, type RequestOptions, request } from 'node:https';
import { WebSocket } from 'ws';
import { SESSION_PATH, type ServerMessage, SUBPROTOCOL } from '../../services/protocol/index.ts';

/** The address of the attacked cluster. */
export interface Place {
  readonly port: number;
  /** PEM of the roots to trust. */
  readonly ca: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

const HOST = '127.0.0.1';
const PATIENCE_MS = 10_000;
/** How long a request may stay unanswered. A request that gets no answer counts as refused. */
const ANSWER_MS = 5000;

/** A program at one source address that speaks HTTP and WebSocket to the edge without the SDK and its restraint. */
export class Peer {
  readonly address: string;
  readonly #place: Place;
  readonly #agent: Agent;

  constructor(place: Place, address: string) {
    this.#place = place;
    this.address = address;
    this.#agent = new Agent({ ...this.#tls, keepAlive: true, maxSockets: 16 });
  }

  get #tls() {
    return { ca: this.#place.ca, servername: 'localhost', localAddress: this.address };
  }

  async call(
    method: string,
    path: string,
    { body = '', headers = {} }: { body?: string; headers?: Record<string, string> } = {},
  ): Promise<HttpAnswer> {
    const options: RequestOptions = {
      ...this.#tls,
      agent: this.#agent,
      host: HOST,
      port: this.#place.port,
      method,
      path,
      timeout: PATIENCE_MS,
      headers: {
        Host: `localhost:${this.#place.port}`,
        ...(body === ''
          ? {}
          : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) }),
        ...headers,
      },
    };
    return new Promise((resolve, reject) => {
      const call = request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text })).on('error', reject);
      });
      call.on('timeout', () => call.destroy(new Error('no answer in time'))).on('error', reject);
      call.end(body);
    });
  }

  /** The token of a new guest; undefined when the cluster issues none. */
  async session(): Promise<string | undefined> {
    const { status, text } = await this.call('POST', SESSION_PATH, { body: '{"transport":"bearer"}' });
    return status === 200 || status === 201 ? (JSON.parse(text) as { token: string }).token : undefined;
  }

  /** A socket of the guest on whichever replica the edge chooses; undefined when it is refused. */
  async socket(token: string): Promise<PeerSocket | undefined> {
    const socket = new WebSocket(`wss://${HOST}:${this.#place.port}/ws`, SUBPROTOCOL, {
      ...this.#tls,
      perMessageDeflate: false,
      handshakeTimeout: PATIENCE_MS,
      headers: { Host: `localhost:${this.#place.port}`, Authorization: `Bearer ${token}` },
    });
    const opened = new PeerSocket(socket);
    return (await opened.welcomed) ? opened : undefined;
  }

  /** A new guest with a socket; undefined when the cluster refuses either. */
  async guest(): Promise<PeerSocket | undefined> {
    const token = await this.session().catch(() => undefined);
    return token === undefined ? undefined : this.socket(token);
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** An answer to a request: `ack`, or the code of the refusal. */
export interface Answer {
  readonly code: string;
  readonly message: string;
  readonly game: string | undefined;
  readonly retryAfterMs: number | undefined;
}

const LOST: Answer = { code: 'lost', message: 'The socket ended.', game: undefined, retryAfterMs: undefined };

/** One WebSocket of a peer. */
export class PeerSocket {
  replica = '';
  /** Undefined while it is open. */
  closeCode: number | undefined;
  /** Resolves with false when it is refused or ends first. */
  readonly welcomed: Promise<boolean>;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  #requests = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    this.welcomed = new Promise((resolve) => {
      socket.on('message', (data) => {
        const value = JSON.parse(String(data)) as ServerMessage | ServerMessage[];
        for (const message of Array.isArray(value) ? value : [value]) {
          if (message.type === 'welcome') {
            this.replica = message.replica;
            resolve(true);
          } else this.#take(message);
        }
      });
      socket.on('close', (code) => {
        this.closeCode = code;
        for (const settle of this.#waiting.values()) settle(LOST);
        this.#waiting.clear();
        resolve(false);
      });
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Resolves with `ack`, the code of a refusal, `lost` when the socket ends, or `silence` when nothing comes. */
  request(message: object): Promise<Answer> {
    if (!this.isOpen) return Promise.resolve(LOST);
    const id = `p${(this.#requests += 1)}`;
    return new Promise((resolve) => {
      const settle = (answer: Answer) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(() => settle({ ...LOST, code: 'silence' }), ANSWER_MS);
      this.#waiting.set(id, settle);
      this.send({ id, ...message });
    });
  }

  send(message: object): void {
    if (this.isOpen) this.#socket.send(JSON.stringify(message));
  }

  /** Reads nothing from now on, not even that the other side has closed. */
  pause(): void {
    this.#socket.pause();
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === this.#socket.CLOSED) return;
    const closed = once(this.#socket, 'close');
    this.#socket.terminate();
    this.#socket.resume();
    await closed;
  }

  #take(message: ServerMessage): void {
    if (message.type === 'ack') {
      this.#waiting.get(message.id)?.({ code: 'ack', message: '', game: message.game, retryAfterMs: undefined });
    } else if (message.type === 'error' && message.id !== undefined) {
      const { code, message: text, retryAfterMs } = message;
      this.#waiting.get(message.id)?.({ code, message: text, game: undefined, retryAfterMs });
    }
  }
}
