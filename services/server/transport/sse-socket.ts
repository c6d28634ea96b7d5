import type { ServerResponse } from 'node:http';
import { CLOSE_CODES, type Close, STREAM_EVENTS } from '../../protocol/index.ts';
import { HttpSocket } from './http-socket.ts';
import type { Packet } from './packet.ts';

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  // A proxy that stores or repacks a stream delays it.
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
};
const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;

/** Server-sent events: one response that goes on, with a number for each frame. */
export class SseSocket extends HttpSocket {
  readonly transport = 'sse';
  readonly #response: ServerResponse;
  #number = 0;

  /** Begins the response. */
  constructor(id: string, response: ServerResponse) {
    super(id);
    this.#response = response;
    response.on('error', () => response.destroy());
    response.on('close', () => {
      this.over(this.closing?.code ?? CLOSE_CODES.abnormal.code);
      this.terminate();
    });
    response.writeHead(200, HEADERS);
    response.write(event(STREAM_EVENTS.open, { connection: id }));
  }

  get bufferedAmount(): number {
    return this.#response.writableLength;
  }

  write({ text }: Packet): void {
    this.#response.write(`id: ${(this.#number += 1)}\ndata: ${text}\n\n`);
  }

  /** A comment: nothing in between takes the stream for dead. */
  ping(): void {
    if (this.isOpen) this.#response.write(':\n\n');
  }

  protected end(close: Close): void {
    this.#response.end(event(STREAM_EVENTS.close, close));
  }

  protected release(): void {
    this.#response.destroy();
  }
}
