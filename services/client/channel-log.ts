import type { ChatLine, ServerMessageOf } from '../protocol/index.ts';
import type { ChatEvent } from './events.ts';

/** One chat channel: each line once, in order, over any number of connections. */
export class ChannelLog {
  readonly channel: string;
  /** The server has acknowledged the subscription: it is renewed on each connection. */
  confirmed = false;
  /** Which of all subscriptions was asked for last. */
  asked = 0;
  #epoch: string | undefined;
  #seq = 0;
  #held: ServerMessageOf<'chat'>[] | undefined;

  constructor(channel: string) {
    this.channel = channel;
  }

  /** From where to ask for lines. */
  get position(): { channel: string; epoch?: string; after?: number } {
    if (this.#epoch === undefined) return { channel: this.channel };
    return { channel: this.channel, epoch: this.#epoch, after: this.#seq };
  }

  /** A subscription is on its way: lines wait for the history that goes before them. */
  hold(): void {
    this.#held ??= [];
  }

  /** No history will come; gives the lines that waited for it. */
  release(): ChatEvent[] {
    const held = this.#held ?? [];
    this.#held = undefined;
    return held.flatMap((message) => this.receive(message));
  }

  receive(message: ServerMessageOf<'chat'>): ChatEvent[] {
    if (this.#held) {
      this.#held.push(message);
      return [];
    }
    const { type: _, channel: __, epoch, ...line } = message;
    return this.#accept(epoch, line, false);
  }

  history(message: ServerMessageOf<'history'>): ChatEvent[] {
    const lines = message.lines.flatMap((line) => this.#accept(message.epoch, line, true));
    this.#enter(message.epoch);
    return [...lines, ...this.release()];
  }

  #enter(epoch: string): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#seq = 0;
  }

  #accept(epoch: string, line: ChatLine, replayed: boolean): ChatEvent[] {
    this.#enter(epoch);
    if (line.seq <= this.#seq) return [];
    this.#seq = line.seq;
    return [{ channel: this.channel, epoch, ...line, replayed }];
  }
}
