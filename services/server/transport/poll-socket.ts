import type { Close, PollHead } from '../../protocol/index.ts';
import { HttpSocket } from './http-socket.ts';
import type { Packet } from './packet.ts';

/** The text of the answer; `outdated`: another poll took its place; `gone`: the connection is over. */
export type Polled = { readonly text: string } | 'outdated' | 'gone';

interface Frame {
  readonly number: number;
  readonly text: string;
}

/**
 * Long polling: each poll is held until there is a message. Frames that the client has not confirmed are kept, and sent
 * again with its next poll.
 */
export class PollSocket extends HttpSocket {
  readonly transport = 'poll';
  #frames: Frame[] = [];
  #bytes = 0;
  #number = 0;
  #confirmed = 0;
  #isReleased = false;
  #held: ((answer: Polled) => void) | undefined;

  get bufferedAmount(): number {
    return this.#bytes;
  }

  /** Gives the frames after `cursor`, the last that the client has, as soon as there are any, or the end. */
  poll(cursor: number): Promise<Polled> {
    if (this.#isReleased) return Promise.resolve('gone');
    // The poll was delayed, or its cursor is wrong.
    if (cursor < this.#confirmed || cursor > this.#number) return Promise.resolve('outdated');
    this.heard();
    this.#confirm(cursor);
    this.#answer('outdated');
    return new Promise((resolve) => {
      this.#held = resolve;
      if (this.#frames.length > 0 || this.closing) this.#tell();
    });
  }

  write({ text }: Packet): void {
    this.#frames.push({ number: (this.#number += 1), text });
    this.#bytes += Buffer.byteLength(text);
    this.#tell();
  }

  /** Ends the poll that is held: the next one shows that the client is there. */
  ping(): void {
    this.#tell();
  }

  protected end(close: Close): void {
    if (this.#tell()) this.over(close.code);
  }

  protected release(): void {
    this.#isReleased = true;
    this.#frames = [];
    this.#answer('gone');
  }

  /** Sends all frames to the waiting request; false without a waiting request. */
  #tell(): boolean {
    // Frames that wait for the next poll are joined for that poll.
    if (!this.#held) return false;
    const close = this.closing;
    const head: PollHead = { connection: this.id, cursor: this.#number, ...(close ? { close } : {}) };
    const lines = [JSON.stringify(head), ...this.#frames.map(({ text }) => text)];
    const isTold = this.#answer({ text: `${lines.join('\n')}\n` });
    if (isTold && close) this.over(close.code);
    return isTold;
  }

  #answer(answer: Polled): boolean {
    const held = this.#held;
    this.#held = undefined;
    held?.(answer);
    return held !== undefined;
  }

  #confirm(cursor: number): void {
    this.#confirmed = cursor;
    const rest = this.#frames.findIndex(({ number }) => number > cursor);
    const confirmed = this.#frames.splice(0, rest < 0 ? this.#frames.length : rest);
    for (const { text } of confirmed) this.#bytes -= Buffer.byteLength(text);
  }
}
