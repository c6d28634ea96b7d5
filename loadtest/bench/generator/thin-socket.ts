import { randomBytes } from 'node:crypto';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';

export interface ThinSocketOptions {
  readonly host: string;
  readonly port: number;
  readonly secureContext: SecureContext;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ThinSocketHandlers {
  /** TLS is established, and the upgrade is requested. */
  secured?(): void;
  /** The upgrade was accepted; header names are in lower case. */
  open(headers: ReadonlyMap<string, string>): void;
  /** One message of the server. The bytes are only good until this returns. */
  message(payload: Buffer): void;
  /** The socket ended, or never opened; called once. */
  closed(reason: string): void;
}

const [TEXT, BINARY, CLOSE, PING, PONG] = [1, 2, 8, 9, 10];
const NOTHING = Buffer.alloc(0);

/**
 * A WebSocket with little work per message, because the generator must not be the bottleneck. It handles only
 * unfragmented messages, and masks its own with zeros, which does not change them.
 */
export class ThinSocket {
  readonly #socket: TLSSocket;
  readonly #handlers: ThinSocketHandlers;
  #isOpen = false;
  #isOver = false;
  #rest: Buffer = NOTHING;

  constructor({ host, port, secureContext, path, headers = {} }: ThinSocketOptions, handlers: ThinSocketHandlers) {
    this.#handlers = handlers;
    const socket = connect({ host, port, secureContext, servername: 'localhost', ALPNProtocols: ['http/1.1'] });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.once('secureConnect', () => {
      handlers.secured?.();
      const lines = Object.entries({
        Host: `localhost:${port}`,
        Upgrade: 'websocket',
        Connection: 'Upgrade',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
        ...headers,
      }).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    });
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.#over(error.message));
    socket.on('close', () => this.#over('the connection ended'));
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#isOver;
  }

  /** Sends a text message, or a binary one. */
  send(message: string | Buffer): void {
    if (!this.isOpen) return;
    if (typeof message === 'string') this.#write(TEXT, Buffer.from(message));
    else this.#write(BINARY, message);
  }

  /** Ends it without a close frame. The handlers are no longer called. */
  destroy(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }

  #write(opcode: number, payload: Buffer): void {
    const { length } = payload;
    const extended = length < 126 ? 0 : 2;
    const frame = Buffer.alloc(6 + extended + length);
    frame[0] = 0x80 | opcode;
    frame[1] = 0x80 | (extended === 0 ? length : 126);
    if (extended === 2) frame.writeUInt16BE(length, 2);
    payload.copy(frame, 6 + extended);
    this.#socket.write(frame);
  }

  #read(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = NOTHING;
    if (!this.#isOpen) {
      const end = data.indexOf('\r\n\r\n');
      if (end === -1) {
        this.#rest = data;
        return;
      }
      if (!this.#accepted(data.toString('latin1', 0, end))) return;
      data = data.subarray(end + 4);
    }
    let at = 0;
    while (!this.#isOver && data.length - at >= 2) {
      const short = data[at + 1]! & 0x7f;
      const header = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (data.length - at < header) break;
      const length =
        short < 126 ? short : short === 126 ? data.readUInt16BE(at + 2) : Number(data.readBigUInt64BE(at + 2));
      if (data.length - at < header + length) break;
      const payload = data.subarray(at + header, at + header + length);
      this.#take(data[at]! & 0x0f, payload);
      at += header + length;
    }
    if (at < data.length) this.#rest = data.subarray(at);
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === TEXT || opcode === BINARY) this.#handlers.message(payload);
    else if (opcode === PING) this.#write(PONG!, payload);
    else if (opcode === CLOSE) {
      const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
      this.#over(`closed with ${code} ${payload.toString('utf8', 2)}`);
      this.#socket.destroy();
    }
  }

  #accepted(head: string): boolean {
    const [status = '', ...lines] = head.split('\r\n');
    if (!/^HTTP\/1\.1 101\b/.test(status)) {
      this.#over(`refused with ${status}`);
      this.#socket.destroy();
      return false;
    }
    this.#isOpen = true;
    const headers = lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
    this.#handlers.open(new Map(headers));
    return true;
  }

  #over(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handlers.closed(reason);
  }
}
