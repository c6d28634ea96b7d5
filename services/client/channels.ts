import type { ServerMessageOf } from '../protocol/index.ts';
import { ChannelLog } from './channel-log.ts';
import type { Context } from './context.ts';
import type { GridlockError } from './errors.ts';
import type { ChatEvent } from './events.ts';

/** The chat channels this client listens to. */
export class Channels {
  readonly #context: Context;
  readonly #logs = new Map<string, ChannelLog>();
  #asked = 0;

  constructor(context: Context, saved: readonly string[]) {
    this.#context = context;
    for (const channel of saved) this.open(channel).confirmed = true;
  }

  get saved(): string[] {
    return [...this.#logs.values()].filter((log) => log.confirmed).map((log) => log.channel);
  }

  /** A subscription is about to be asked for. */
  open(channel: string): ChannelLog {
    const log = this.#logs.get(channel) ?? new ChannelLog(channel);
    this.#logs.set(channel, log);
    log.asked = ++this.#asked;
    log.hold();
    return log;
  }

  confirm(channel: string): void {
    const log = this.#logs.get(channel);
    if (!log || log.confirmed) return;
    log.confirmed = true;
    this.#context.save();
  }

  /** The subscription was not granted; an earlier one stands. */
  refuse(channel: string): void {
    const log = this.#logs.get(channel);
    if (log && !log.confirmed) this.#logs.delete(channel);
    else if (log) this.#tell(log.release());
  }

  forget(channel: string): void {
    if (this.#logs.delete(channel)) this.#context.save();
  }

  /** Forgets the channel later, unless a subscription is asked for until then. */
  forgetter(channel: string): () => void {
    const asked = this.#logs.get(channel)?.asked;
    return () => {
      if (this.#logs.get(channel)?.asked === asked) this.forget(channel);
    };
  }

  clear(): void {
    this.#logs.clear();
  }

  /** Renews the subscriptions on a new connection; returns how many times `done` will be called. */
  restore(done: () => void): number {
    const confirmed = [...this.#logs.values()].filter((log) => log.confirmed);
    for (const log of confirmed) this.#renew(log, done);
    return confirmed.length;
  }

  onChat(message: ServerMessageOf<'chat'>): void {
    const log = this.#logs.get(message.channel);
    if (log) this.#tell(log.receive(message));
  }

  onHistory(message: ServerMessageOf<'history'>): void {
    const log = this.#logs.get(message.channel);
    if (log) this.#tell(log.history(message));
  }

  onPresence(message: ServerMessageOf<'presence'>): void {
    const { channel, count, players } = message;
    if (this.#logs.has(channel)) this.#context.events.emit('presence', { channel, count, players });
  }

  #renew(log: ChannelLog, done: () => void): void {
    const { outbox, nextId } = this.#context;
    log.hold();
    outbox.add({ type: 'subscribe', id: nextId(), ...log.position }, 'connection', {
      onAck: done,
      onError: (error) => {
        this.#notRenewed(log, error);
        done();
      },
    });
  }

  #notRenewed(log: ChannelLog, error: GridlockError): void {
    if (error.code === 'connection_lost' || error.code === 'closed' || error.code === 'superseded') return;
    this.#context.events.emit('error', error);
    if (error.final) this.forget(log.channel);
    else this.#context.unrestored(error.message);
  }

  #tell(lines: readonly ChatEvent[]): void {
    for (const line of lines) this.#context.events.emit('chat', line);
  }
}
