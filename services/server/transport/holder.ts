import type { HttpCarrier } from './http-socket.ts';
import { PollCarrier } from './poll-socket.ts';

/** What a request asks of a connection, for whoever holds it. */
export type Asked = {
  readonly connection: string;
  /** Whose request it is. */
  readonly player: string;
} & (
  | { readonly kind: 'poll'; readonly cursor: number }
  | { readonly kind: 'send'; readonly number: number; readonly messages: readonly unknown[]; readonly isLast: boolean }
);

/** `gone`: there is no such connection, or not of this player. `order`: something came before its turn, or too late. */
export type Answer =
  | { readonly tag: 'done'; readonly text?: string }
  | { readonly tag: 'gone' }
  | { readonly tag: 'order' };

const GONE: Answer = { tag: 'gone' };
const ORDER: Answer = { tag: 'order' };

/** The connections of this replica to which requests come one by one. */
export class Holder {
  readonly #carriers = new Map<string, { carrier: HttpCarrier; player: string }>();

  get size(): number {
    return this.#carriers.size;
  }

  /** Holds it until it has ended. */
  add(carrier: HttpCarrier, player: string): void {
    this.#carriers.set(carrier.id, { carrier, player });
    void carrier.ended.then(() => this.#carriers.delete(carrier.id));
  }

  async answer(asked: Asked): Promise<Answer> {
    const held = this.#carriers.get(asked.connection);
    if (held?.player !== asked.player) return GONE;
    const { carrier } = held;
    if (asked.kind === 'send') {
      return carrier.receive(asked.number, asked.messages, asked.isLast) ? { tag: 'done' } : ORDER;
    }
    if (!(carrier instanceof PollCarrier)) return ORDER;
    const polled = await carrier.poll(asked.cursor);
    if (polled === 'gone') return GONE;
    return polled === 'outdated' ? ORDER : { tag: 'done', text: polled.text };
  }
}
