import { SEND_BYTES, SEND_MESSAGES, SEND_PATH } from '../../protocol/index.ts';
import { type Caller, Calls, codeOfRefusal } from './calls.ts';

/** Room for the JSON around the messages of a batch. */
const ENVELOPE_BYTES = 200;
/** Bytes of UTF-8 that a UTF-16 unit takes at most. */
const UNIT_BYTES = 3;

/** Brings messages to the server: in order, in batches, one request at a time. */
export class Sender {
  readonly #caller: Caller;
  readonly #calls: Calls;
  readonly #query: string;
  readonly #token: string | undefined;
  readonly #onFailure: (code: number, reason: string) => void;
  #connection: string | undefined;
  #number = 0;
  #waiting: string[] = [];
  #isBusy = false;
  #isStopped = false;

  constructor(
    caller: Caller,
    query: string,
    token: string | undefined,
    onFailure: (code: number, reason: string) => void,
  ) {
    this.#caller = caller;
    this.#calls = new Calls(caller);
    this.#query = query;
    this.#token = token;
    this.#onFailure = onFailure;
  }

  /** The id of the connection is known from now on. */
  start(connection: string): void {
    this.#connection = connection;
    this.#soon();
  }

  send(text: string): void {
    this.#waiting.push(text);
    this.#soon();
  }

  /** Tells the server that the client is done, and does not wait for its answer. */
  close(): void {
    this.stop();
    if (this.#connection === undefined) return;
    const nothing = () => {};
    this.#caller.request(this.#batch([], true), { onAnswer: nothing, onText: nothing, onEnd: nothing });
  }

  stop(): void {
    this.#isStopped = true;
    this.#calls.stop();
  }

  /** After the current task, so that messages of one task go together. */
  #soon(): void {
    void Promise.resolve().then(() => this.#flush());
  }

  #flush(): void {
    if (this.#isBusy || this.#isStopped || this.#connection === undefined || this.#waiting.length === 0) return;
    this.#isBusy = true;
    this.#calls.ask(this.#batch(this.#next(), false), (answer) => {
      this.#isBusy = false;
      if (answer?.status === 204) return this.#flush();
      this.stop();
      if (!answer) return this.#onFailure(1006, 'The messages were not answered.');
      const reason = `The server answered ${answer.status} to the messages.`;
      this.#onFailure(codeOfRefusal(answer.status, answer.refusedBy), reason);
    });
  }

  #next(): string[] {
    let room = SEND_BYTES - ENVELOPE_BYTES;
    let count = 0;
    for (; count < Math.min(this.#waiting.length, SEND_MESSAGES); count += 1) {
      room -= UNIT_BYTES * this.#waiting[count]!.length + 1;
      if (room < 0 && count > 0) break;
    }
    return this.#waiting.splice(0, count);
  }

  #batch(messages: readonly string[], close: boolean) {
    this.#number += 1;
    const head = `"connection":${JSON.stringify(this.#connection)},"number":${this.#number}`;
    const body = `{${head},"messages":[${messages.join(',')}]${close ? ',"close":true' : ''}}`;
    return { path: `${SEND_PATH}${this.#query}`, token: this.#token, body };
  }
}
