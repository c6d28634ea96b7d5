import { Close, STREAM_EVENTS, STREAM_PATH, StreamOpen } from '../../protocol/index.ts';
import type { Socket, SocketHandlers, SocketTarget } from '../platform.ts';
import { type Caller, codeOfRefusal, parsedAs, queryOf } from './calls.ts';
import { Sender } from './sender.ts';

/** A connection of server-sent events one way and posted requests the other. */
export function openEventSource(caller: Caller, target: SocketTarget, handlers: SocketHandlers): Socket {
  const query = queryOf(target.path);
  let told = false;
  let number = 0;
  const end = (code: number, reason: string) => {
    if (told) return;
    told = true;
    sender.stop();
    stream.abort();
    handlers.onClose(code, reason);
  };
  const sender = new Sender(caller, query, target.token, end);
  const take = ({ type, id, data }: StreamEvent) => {
    if (told) return;
    if (type === STREAM_EVENTS.open) {
      const open = parsedAs(StreamOpen, data);
      return open ? sender.start(open.connection) : end(1006, 'The answer is not from a server of this protocol.');
    }
    if (type === STREAM_EVENTS.close) {
      const close = parsedAs(Close, data) ?? { code: 1006, reason: 'The stream ended in an unknown way.' };
      return end(close.code, close.reason);
    }
    number += 1;
    // A proxy dropped or repeated a part: only a resume can restore it.
    if (id !== String(number)) return end(1006, `Frame ${id} arrived where frame ${number} was expected.`);
    handlers.onMessage(data);
  };
  const events = new EventStream(take);
  let answered: { status: number; refusedBy: string | undefined } | undefined;
  const stream = caller.request(
    { path: `${STREAM_PATH}${query}`, token: target.token, body: '{}' },
    {
      onAnswer: (status, refusedBy) => (answered = { status, refusedBy }),
      onText: (text) => {
        if (answered?.status === 200) events.feed(text);
      },
      onEnd: (error) => {
        if (!answered || answered.status === 200) return end(1006, error ?? 'The stream ended.');
        const { status, refusedBy } = answered;
        end(codeOfRefusal(status, refusedBy), `The server answered ${status} to the request for a stream.`);
      },
    },
  );
  return {
    send: (text) => sender.send(text),
    close: () => {
      if (told) return;
      told = true;
      stream.abort();
      sender.close();
    },
  };
}

/** One event of a stream, as the HTML standard has it. */
export interface StreamEvent {
  /** Empty for a message. */
  readonly type: string;
  readonly id: string;
  readonly data: string;
}

/** Reads server-sent events out of text that comes in pieces. Comments and retry times are skipped. */
export class EventStream {
  readonly #onEvent: (event: StreamEvent) => void;
  #rest = '';
  #type = '';
  #id = '';
  #data: string[] = [];

  constructor(onEvent: (event: StreamEvent) => void) {
    this.#onEvent = onEvent;
  }

  feed(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#line(line.endsWith('\r') ? line.slice(0, -1) : line);
  }

  #line(line: string): void {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#type = value;
    else if (field === 'id') this.#id = value;
    else if (field === 'data') this.#data.push(value);
  }

  #dispatch(): void {
    const event = { type: this.#type, id: this.#id, data: this.#data.join('\n') };
    const isEmpty = this.#data.length === 0;
    this.#type = '';
    this.#id = '';
    this.#data = [];
    if (!isEmpty) this.#onEvent(event);
  }
}
