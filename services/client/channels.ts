import { isChannelOf, type KeptMessage, type ServerMessageOf } from '../protocol/index.ts';
import type { GridlockError } from './errors.ts';
import type { MessageEvent } from './events.ts';
import type { Context } from './requests.ts';

/** The channels that this client listens to. */
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

  /** A subscription is about to be requested. */
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

  /** The subscription was refused; an earlier one remains. */
  refuse(channel: string): void {
    const subscription = this.#subscriptions.get(channel);
    if (subscription && !subscription.confirmed) this.#subscriptions.delete(channel);
    else if (subscription) this.#tell(subscription.release());
  }

  forget(channel: string): void {
    if (this.#subscriptions.delete(channel)) this.#context.save();
  }

  /** Forgets the channels of a room later, except those that are subscribed to until then. */
  forgetter(room: string): () => void {
    const before = this.#asked;
    return () => {
      for (const { channel, asked } of [...this.#subscriptions.values()]) {
        if (isChannelOf(channel, room) && asked <= before) this.forget(channel);
      }
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

  onMessage(message: ServerMessageOf<'message'>): void {
    const subscription = this.#subscriptions.get(message.channel);
    if (subscription) this.#tell(subscription.receive(message));
  }

  onHistory(message: ServerMessageOf<'history'>): void {
    const subscription = this.#subscriptions.get(message.channel);
    if (subscription) this.#tell(subscription.history(message));
  }

  onSignal({ type: _, ...signal }: ServerMessageOf<'signal'>): void {
    if (this.#subscriptions.has(signal.channel)) this.#context.events.emit('signal', signal);
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

  #tell(messages: readonly MessageEvent[]): void {
    for (const message of messages) this.#context.events.emit('message', message);
  }
}

/** One channel: each message once, in order, over any number of connections. */
class Subscription {
  readonly channel: string;
  /** The server has acknowledged the subscription: it is renewed on each connection. */
  confirmed = false;
  /** Counts the requests to subscribe, so that the last one is known. */
  asked = 0;
  #epoch: string | undefined;
  #seq = 0;
  #held: ServerMessageOf<'message'>[] | undefined;

  constructor(channel: string) {
    this.channel = channel;
  }

  /** The place from which to request messages. */
  get position(): { channel: string; epoch?: string; after?: number } {
    if (this.#epoch === undefined) return { channel: this.channel };
    return { channel: this.channel, epoch: this.#epoch, after: this.#seq };
  }

  /** A subscription is on its way: messages wait for the history that goes before them. */
  hold(): void {
    this.#held ??= [];
  }

  /** No history will come. Returns the messages that waited for it. */
  release(): MessageEvent[] {
    const held = this.#held ?? [];
    this.#held = undefined;
    return held.flatMap((message) => this.receive(message));
  }

  receive(message: ServerMessageOf<'message'>): MessageEvent[] {
    if (this.#held) {
      this.#held.push(message);
      return [];
    }
    const { type: _, channel: __, epoch, ...content } = message;
    return this.#accept(epoch, content, false);
  }

  history(message: ServerMessageOf<'history'>): MessageEvent[] {
    const kept = message.messages.flatMap((one) => this.#accept(message.epoch, one, true));
    this.#enter(message.epoch);
    return [...kept, ...this.release()];
  }

  #enter(epoch: string): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#seq = 0;
  }

  #accept(epoch: string, message: KeptMessage, replayed: boolean): MessageEvent[] {
    this.#enter(epoch);
    if (message.seq <= this.#seq) return [];
    this.#seq = message.seq;
    return [{ channel: this.channel, epoch, ...message, replayed }];
  }
}
