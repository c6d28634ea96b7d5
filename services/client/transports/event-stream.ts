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
