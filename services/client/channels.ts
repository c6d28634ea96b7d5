import type { ChatLine, ServerMessageOf } from '../protocol/index.ts';
import type { GridlockError } from './errors.ts';
import type { ChatEvent } from './events.ts';
import type { Context } from './requests.ts';

/** The chat channels this client listens to. */
export class Channels {
  readonly #context: Context;
  readonly #subscriptions = new Map<string, Subscription>();
  #asked = 0;

  constructor(context: Context, saved: readonly string[]) {
    this.#context = context;
    for (const channel of saved) this.open(channel).confirmed = true;
  }

  get saved(): string[] {
    return [...this.#subscriptions.values()]
      .filter((subscription) => subscription.confirmed)
      .map((subscription) => subscription.channel);
  }

  /** A subscription is about to be asked for. */
  open(channel: string): Subscription {
    const subscription = this.#subscriptions.get(channel) ?? new Subscription(channel);
    this.#subscriptions.set(channel, subscription);
    subscription.asked = ++this.#asked;
    subscription.hold();
    return subscription;
  }

  confirm(channel: string): void {
    const subscription = this.#subscriptions.get(channel);
    if (!subscription || subscription.confirmed) return;
    subscription.confirmed = true;
    this.#context.save();
  }

  /** The subscription was not granted; an earlier one stands. */
  refuse(channel: string): void {
    const subscription = this.#subscriptions.get(channel);
    if (subscription && !subscription.confirmed) this.#subscriptions.delete(channel);
    else if (subscription) this.#tell(subscription.release());
  }

  forget(channel: string): void {
    if (this.#subscriptions.delete(channel)) this.#context.save();
  }

  /** Forgets the channel later, unless a subscription is asked for until then. */
  forgetter(channel: string): () => void {
    const asked = this.#subscriptions.get(channel)?.asked;
    return () => {
      if (this.#subscriptions.get(channel)?.asked === asked) this.forget(channel);
    };
  }

  clear(): void {
    this.#subscriptions.clear();
  }

  /** Renews the subscriptions on a new connection; returns how many times `done` will be called. */
  restore(done: () => void): number {
    const confirmed = [...this.#subscriptions.values()].filter((subscription) => subscription.confirmed);
    for (const subscription of confirmed) this.#renew(subscription, done);
    return confirmed.length;
  }

  onChat(message: ServerMessageOf<'chat'>): void {
    const subscription = this.#subscriptions.get(message.channel);
    if (subscription) this.#tell(subscription.receive(message));
  }

  onHistory(message: ServerMessageOf<'history'>): void {
    const subscription = this.#subscriptions.get(message.channel);
    if (subscription) this.#tell(subscription.history(message));
  }

  onPresence(message: ServerMessageOf<'presence'>): void {
    const { channel, count, players } = message;
    if (this.#subscriptions.has(channel)) this.#context.events.emit('presence', { channel, count, players });
  }

  #renew(subscription: Subscription, done: () => void): void {
    const { outbox, nextId } = this.#context;
    subscription.hold();
    outbox.add({ type: 'subscribe', id: nextId(), ...subscription.position }, 'connection', {
      onAck: done,
      onError: (error) => {
        this.#notRenewed(subscription, error);
        done();
      },
    });
  }

  #notRenewed(subscription: Subscription, error: GridlockError): void {
    if (error.code === 'connection_lost' || error.code === 'closed' || error.code === 'superseded') return;
    this.#context.events.emit('error', error);
    if (error.final) this.forget(subscription.channel);
    else this.#context.unrestored(error.message);
  }

  #tell(lines: readonly ChatEvent[]): void {
    for (const line of lines) this.#context.events.emit('chat', line);
  }
}

/** One chat channel: each line once, in order, over any number of connections. */
class Subscription {
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
