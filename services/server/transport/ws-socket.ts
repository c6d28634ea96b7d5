import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { Packet } from './packet.ts';
import type { TransportEvents, TransportSocket } from './transport-socket.ts';

const LISTENER = Symbol('listener');
type Heard = WebSocket & { [LISTENER]?: TransportEvents };

// The same functions for all sockets: five closures each would be a tenth of what a socket takes.
function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  (this as Heard)[LISTENER]!.message(data as Buffer, isBinary);
}
function onControl(this: WebSocket, data: Buffer): void {
  (this as Heard)[LISTENER]!.control(data.length);
}
function onError(this: WebSocket, error: Error): void {
  (this as Heard)[LISTENER]!.failed(error);
}
function onClose(this: WebSocket, code: number): void {
  (this as Heard)[LISTENER]!.closed(code);
}

/** A WebSocket, as accepted. */
export class WsSocket implements TransportSocket {
  readonly transport = 'websocket';
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  listen(events: TransportEvents): void {
    const socket = this.#socket as Heard;
    socket[LISTENER] = events;
    socket.on('message', onMessage);
    socket.on('ping', onControl);
    socket.on('pong', onControl);
    socket.on('error', onError);
    socket.on('close', onClose);
  }

  write(packet: Packet): void {
    writeFrame(this.#socket, packet.frame);
  }

  ping(): void {
    this.#socket.ping();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}

/**
 * Writes a whole frame to an open socket. `ws` would build the header again for each socket; without compression it
 * queues nothing itself, so what it sends and this keep their order. `_socket` is private to `ws`:
 * `ws-socket.test.ts` fails when that changes.
 */
export function writeFrame(socket: WebSocket, frame: Buffer): void {
  (socket as unknown as { _socket: Duplex })._socket.write(frame);
}
