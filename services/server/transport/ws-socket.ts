import type { RawData, WebSocket } from 'ws';
import { writeFrame } from './frame.ts';
import type { Packet } from './packet.ts';
import type { Carrier, CarrierEvents } from './transport-socket.ts';

const LISTENER = Symbol('listener');
type Heard = WebSocket & { [LISTENER]?: CarrierEvents };

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
export class WebSocketCarrier implements Carrier {
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

  listen(events: CarrierEvents): void {
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
