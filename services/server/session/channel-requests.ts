import {
  type Access,
  type AnyChannelRule,
  type ClientMessage,
  isChannelOf,
  type KeptMessage,
  LIMITS,
} from '../../protocol/index.ts';
import { type GameAuthority, Refusal } from '../authority/game-authority.ts';
import type { Presence } from '../cluster/presence.ts';
import type { Channels } from '../history/channels.ts';
import type { FeedSet } from '../history/feed.ts';
import { isSignalled, type Signals } from '../history/signals.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { Packet } from '../transport/packet.ts';
import type { Connection } from './connection.ts';
import type { KeyedQueue } from './keyed-queue.ts';
import { reread } from './reread.ts';
import type { SharedRates } from './shared-rates.ts';

export interface ChannelServices {
  readonly authority: Pick<GameAuthority, 'isPlayer' | 'type' | 'view'>;
  readonly channels: Channels;
  readonly signals: Signals;
  readonly presence: Presence;
  readonly feeds: FeedSet;
  readonly metrics: Metrics;
  readonly rates: Pick<SharedRates, 'publish'>;
}

type Message<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>;

/** The requests of one connection about the application's channels, and its subscriptions. */
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

  async publish({ id, channel, data }: Message<'publish'>): Promise<void> {
    const { channels, metrics, rates, signals } = this.#services;
    const { player, allowance } = this.#connection;
    const publication = channels.read(channel, data);
    const { rule, room } = publication;
    if (!this.#channels.has(channel)) throw new Refusal('not_subscribed');
    if (rule.publish !== rule.subscribe) await this.#checkAccess(rule.publish, channel, room);
    if (isSignalled(rule)) {
      const wait = allowance.signal();
      if (wait > 0) throw new Refusal('rate_limited', `Too many signals; wait ${wait} ms.`, wait);
      await signals.publish(channel, player, publication.data);
      metrics.published.inc({ channel: rule.name });
      return this.#connection.send({ type: 'ack', id, channel });
    }
    const wait = allowance.publish() || (await rates.publish(player.id));
    if (wait > 0) throw new Refusal('rate_limited', `Too many messages in channels; wait ${wait} ms.`, wait);
    const { epoch, seq, duplicate } = await channels.publish(this.#connection, id, publication);
    metrics.published.inc({ channel: rule.name });
    this.#connection.send({ type: 'ack', id, channel, epoch, seq, ...(duplicate ? { duplicate } : {}) });
  }

  async subscribe({ id, channel, epoch: known, after }: Message<'subscribe'>): Promise<void> {
    const { channels } = this.#services;
    const { rule, room } = channels.match(channel);
    await this.#checkAccess(rule.subscribe, channel, room);
    if (isSignalled(rule)) return this.#hearSignals(id, channel, rule);
    const { epoch, seq, messages } = await channels.recent(channel);
    if (!this.#connection.isOpen) return;
    this.#checkCount(channel);
    const from = known === undefined || known === epoch ? (after ?? 0) : 0;
    this.#connection.send({ type: 'ack', id, channel, epoch, seq });
    this.#show(
      channel,
      epoch,
      seq,
      messages.filter((message) => message.seq > from),
    );
  }

  unsubscribe({ id, channel }: Message<'unsubscribe'>): void {
    this.leave(channel);
    this.#connection.send({ type: 'ack', id, channel });
  }

  /** The room for which it is looked up whether the player is a member or may watch; undefined where that does not matter. */
  roomOf({ type, channel }: Message<'subscribe' | 'publish'>): string | undefined {
    const { rule, room } = this.#services.channels.match(channel);
    const asks = type === 'subscribe' ? rule.subscribe : rule.subscribe === rule.publish ? undefined : rule.publish;
    return asks === 'members' || asks === 'watchers' ? room : undefined;
  }

  leave(channel: string): void {
    this.#channels.get(channel)?.();
    this.#channels.delete(channel);
  }

  /** The player has left a room, and its channels with it. */
  leaveRoom(room: string): void {
    for (const channel of [...this.#channels.keys()]) if (isChannelOf(channel, room)) this.leave(channel);
  }

  close(): void {
    for (const stop of this.#channels.values()) stop();
    this.#channels.clear();
  }

  #hearSignals(id: string, channel: string, rule: AnyChannelRule): void {
    if (!this.#connection.isOpen) return;
    this.#checkCount(channel);
    const { signals, presence } = this.#services;
    this.#connection.send({ type: 'ack', id, channel });
    this.leave(channel);
    const deliver = (packet: Packet) => this.#connection.deliver(packet);
    const unfollow = signals.follow(channel, deliver);
    const leave = rule.presence ? presence.enter(channel, this.#connection.player, deliver) : undefined;
    this.#channels.set(channel, () => {
      unfollow();
      leave?.();
    });
  }

  #checkCount(channel: string): void {
    if (this.#channels.has(channel) || this.#channels.size < LIMITS.channelsPerConnection) return;
    throw new Refusal('too_many_channels');
  }

  async #checkAccess(access: Access, channel: string, room: string | undefined): Promise<void> {
    const { authority, channels } = this.#services;
    const { player } = this.#connection;
    if (access === 'everyone') return;
    if (access === 'members') {
      if (await authority.isPlayer(room!, player.id)) return;
      throw new Refusal('not_a_player');
    }
    if (access === 'watchers') return this.#checkWatcher(room!);
    if (access === 'nobody' || !channels.allows(access, player, channel)) throw new Refusal('not_allowed');
  }

  /** Nobody advises players: they are let in once the room is over. */
  async #checkWatcher(room: string): Promise<void> {
    const { authority } = this.#services;
    const { type } = authority;
    const { state } = await authority.view(room);
    const isMember = type.members(state).some(({ id }) => id === this.#connection.player.id);
    if (!type.isPublic(state)) throw new Refusal(isMember ? 'not_allowed' : 'game_not_found');
    if (isMember && !type.isOver(state)) throw new Refusal('not_allowed');
  }

  #show(channel: string, epoch: string, seq: number, messages: KeptMessage[]): void {
    const { channels, feeds, presence } = this.#services;
    this.#connection.send({ type: 'history', channel, epoch, messages });
    this.leave(channel);
    const deliver = (packet: Packet) => this.#connection.deliver(packet);
    const startOver = () =>
      this.#queue.run(`#${channel}`, async () => {
        const read = () => channels.recent(channel);
        const recent = await reread(read, () => this.#connection.isOpen).catch(() => undefined);
        if (!this.#connection.isOpen || !this.#channels.has(channel)) return;
        // The client must not be left with a channel in which it hears nothing: it subscribes on the next socket.
        if (!recent) return this.#connection.close('tryAgainLater');
        this.#show(channel, recent.epoch, recent.seq, recent.messages);
      });
    // A channel never ends: if Redis no longer has it, it begins again.
    const follower = { deliver, reset: startOver, ended: startOver };
    const unfollow = feeds.follow(channels.historyOf(channel), epoch, seq, follower);
    const { rule } = channels.match(channel);
    const leave = rule.presence ? presence.enter(channel, this.#connection.player, deliver) : undefined;
    this.#channels.set(channel, () => {
      unfollow();
      leave?.();
    });
  }
}
