import { type ChatLine, type ClientMessage, LIMITS, LOBBY } from '../../protocol/index.ts';
import { type GameAuthority, Refusal } from '../authority/game-authority.ts';
import type { Presence } from '../cluster/presence.ts';
import type { Chat } from '../history/chat.ts';
import type { FeedSet } from '../history/feed.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { Packet } from '../transport/packet.ts';
import type { Connection } from './connection.ts';
import type { KeyedQueue } from './keyed-queue.ts';
import { reread } from './reread.ts';
import type { SharedRates } from './shared-rates.ts';

export interface ChannelServices {
  readonly authority: Pick<GameAuthority, 'isPlayer'>;
  readonly chat: Chat;
  readonly presence: Presence;
  readonly feeds: FeedSet;
  readonly metrics: Metrics;
  readonly rates: Pick<SharedRates, 'chat'>;
}

/** Of those of games that are over some may be left. */
const MOST_CHANNELS = 4 * LIMITS.gamesPerConnection;

type Message<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>;

/** What one connection asks for in the lobby and in the chat of its games, and what it follows of them. */
export class ChannelRequests {
  readonly #connection: Connection;
  readonly #services: ChannelServices;
  readonly #queue: KeyedQueue;
  readonly #channels = new Map<string, () => void>();

  constructor(connection: Connection, services: ChannelServices, queue: KeyedQueue) {
    this.#connection = connection;
    this.#services = services;
    this.#queue = queue;
  }

  async say({ id, channel, text }: Message<'chat'>): Promise<void> {
    if (!this.#channels.has(channel)) throw new Refusal('not_subscribed');
    const { rates } = this.#services;
    const wait = this.#connection.allowance.chat() || (await rates.chat(this.#connection.player.id));
    if (wait > 0) throw new Refusal('rate_limited', `Too many lines; wait ${wait} ms.`, wait);
    const said = await this.#services.chat.say(this.#connection.player, id, channel, text);
    this.#services.metrics.chatLines.inc({ channel: channel === LOBBY ? LOBBY : 'game' });
    const duplicate = said.duplicate ? { duplicate: true } : {};
    this.#connection.send({ type: 'ack', id, channel, epoch: said.epoch, seq: said.seq, ...duplicate });
  }

  async subscribe({ id, channel, epoch: known, after }: Message<'subscribe'>): Promise<void> {
    const { authority, chat } = this.#services;
    const { player } = this.#connection;
    if (channel !== LOBBY && !(await authority.isPlayer(channel, player.id))) throw new Refusal('not_a_player');
    const { epoch, seq, lines } = await chat.recent(channel);
    if (!this.#connection.isOpen) return;
    if (!this.#channels.has(channel) && this.#channels.size >= MOST_CHANNELS) throw new Refusal('too_many_games');
    const from = known === undefined || known === epoch ? (after ?? 0) : 0;
    this.#connection.send({ type: 'ack', id, channel, epoch, seq });
    this.#show(
      channel,
      epoch,
      seq,
      lines.filter((line) => line.seq > from),
    );
  }

  unsubscribe({ id, channel }: Message<'unsubscribe'>): void {
    this.leave(channel);
    this.#connection.send({ type: 'ack', id, channel });
  }

  leave(channel: string): void {
    this.#channels.get(channel)?.();
    this.#channels.delete(channel);
  }

  close(): void {
    for (const stop of this.#channels.values()) stop();
    this.#channels.clear();
  }

  #show(channel: string, epoch: string, seq: number, lines: ChatLine[]): void {
    const { chat, feeds, presence } = this.#services;
    this.#connection.send({ type: 'history', channel, epoch, lines });
    this.leave(channel);
    const deliver = (packet: Packet) => this.#connection.deliver(packet);
    const startOver = () =>
      this.#queue.run(`#${channel}`, async () => {
        const read = () => chat.recent(channel);
        const recent = await reread(read, () => this.#connection.isOpen).catch(() => undefined);
        if (!this.#connection.isOpen || !this.#channels.has(channel)) return;
        // The client must not be left with a channel in which it hears nothing: it subscribes on the next socket.
        if (!recent) return this.#connection.close('tryAgainLater');
        this.#show(channel, recent.epoch, recent.seq, recent.lines);
      });
    // A channel is never over: one that Redis has no more begins anew.
    const follower = { deliver, reset: startOver, ended: startOver };
    const unfollow = feeds.follow(chat.historyOf(channel), epoch, seq, follower);
    const leave = presence.enter(channel, this.#connection.player, deliver);
    this.#channels.set(channel, () => {
      unfollow();
      leave();
    });
  }
}
