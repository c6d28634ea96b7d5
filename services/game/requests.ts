import { ERROR_CODES, LIMITS, LOBBY, type ChatLine, type ClientMessage } from '../protocol/index.ts';
import { Refusal, type Actor, type Applied, type Entered, type GameAuthority, type View } from './authority.ts';
import type { Chat } from './chat.ts';
import type { GameClock, StoreClock } from './clock.ts';
import type { Connection } from './connection.ts';
import type { Follower } from './feed.ts';
import type { FeedSet } from './feeds.ts';
import { gameHistory } from './game-history.ts';
import { Lanes } from './lanes.ts';
import { TokenBucket } from './limiter.ts';
import type { Metrics } from './metrics.ts';
import { Packet } from './packet.ts';
import type { Presence } from './presence.ts';
import type { SeatHold } from './seat-hold.ts';

/** A request that waited longer behind others than this is not begun any more. */
const REQUEST_MS = 2000;

export interface Services {
  readonly authority: GameAuthority;
  readonly chat: Chat;
  readonly presence: Presence;
  readonly feeds: FeedSet;
  readonly gameClock: GameClock;
  readonly seatHold: SeatHold;
  readonly clock: StoreClock;
  readonly metrics: Metrics;
  /** A newer socket of the player acts: this one has to go. */
  readonly onSuperseded: (connection: Connection) => void;
}

type Message<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>;

/** Carries out what one connection asks for, and follows for it the games and channels it is in. */
export class Requests {
  readonly #connection: Connection;
  readonly #services: Services;
  readonly #lanes = new Lanes();
  readonly #games = new Map<string, () => void>();
  readonly #channels = new Map<string, () => void>();
  #entering = 0;
  readonly #chatRate = new TokenBucket(LIMITS.chatPerTenSeconds / 10, LIMITS.chatPerTenSeconds, performance.now());

  constructor(connection: Connection, services: Services) {
    this.#connection = connection;
    this.#services = services;
  }

  handle(message: ClientMessage): void {
    if (message.type === 'ping') {
      this.#connection.send({ type: 'pong', t: message.t, now: this.#services.clock.now() });
      return;
    }
    const received = performance.now();
    this.#lanes.run(laneOf(message), async () => {
      if (!this.#connection.isOpen) return;
      try {
        if (performance.now() - received > REQUEST_MS) throw new Refusal('unavailable', undefined, 1000);
        await this.#dispatch(message);
        if (message.type === 'capture') {
          this.#services.metrics.captureSeconds.observe((performance.now() - received) / 1000);
        }
      } catch (error) {
        this.#refuse(message.id, error);
      }
    });
  }

  /** Stops following everything. */
  close(): void {
    this.#services.seatHold.release(this.#actor, this.#connection.id, this.#games.keys());
    for (const stop of [...this.#games.values(), ...this.#channels.values()]) stop();
    this.#games.clear();
    this.#channels.clear();
  }

  get #actor(): Actor {
    return this.#connection;
  }

  async #dispatch(message: Exclude<ClientMessage, { type: 'ping' }>): Promise<void> {
    const { authority } = this.#services;
    const { id } = message;
    switch (message.type) {
      case 'create':
        return this.#enter(id, () => authority.create(this.#actor, id, message));
      case 'join':
        return this.#enter(id, () => authority.join(this.#actor, id, message.game), message.game);
      case 'match':
        return this.#enter(id, () => authority.match(this.#actor, id, message));
      case 'leave':
        return this.#leave(message);
      case 'capture':
        return this.#ack(id, await authority.capture(this.#actor, id, message.game, message.cell));
      case 'resume':
        return this.#resume(message);
      case 'chat':
        return this.#say(message);
      case 'subscribe':
        return this.#subscribe(message);
      case 'unsubscribe':
        this.#leaveChannel(message.channel);
        return this.#connection.send({ type: 'ack', id, channel: message.channel });
    }
  }

  #refuse(id: string, error: unknown): void {
    const { metrics, onSuperseded } = this.#services;
    const { log } = this.#connection;
    if (!(error instanceof Refusal)) log.error({ err: error }, 'a request failed');
    const refusal = error instanceof Refusal ? error : new Refusal('internal', ERROR_CODES.internal.meaning, 1000);
    metrics.refusals.inc({ code: refusal.code });
    this.#connection.error(refusal.code, refusal.message, id, refusal.retryAfterMs);
    if (refusal.code === 'superseded') onSuperseded(this.#connection);
  }

  /** Runs a request that may add a game to those this connection is in, if one more is allowed. */
  async #withinGames<T>(game: string | undefined, task: () => Promise<T>): Promise<T> {
    const known = game !== undefined && this.#games.has(game);
    const games = this.#games.size + this.#entering;
    if (!known && games >= LIMITS.gamesPerConnection) throw new Refusal('too_many_games');
    this.#entering += 1;
    try {
      return await task();
    } finally {
      this.#entering -= 1;
    }
  }

  async #enter(id: string, task: () => Promise<Entered>, game?: string): Promise<void> {
    const entered = await this.#withinGames(game, task);
    this.#ack(id, entered);
    this.#snapshot(entered.view);
  }

  #ack(id: string, { game, epoch, seq, duplicate }: Applied): void {
    this.#connection.send({ type: 'ack', id, game, epoch, seq, ...(duplicate ? { duplicate } : {}) });
  }

  /**
   * Sends a snapshot and follows the game from there. Both in one turn, so that no event can come between.
   */
  #snapshot({ game, epoch, seq, now, state }: View, recovered?: false): void {
    const lost = recovered === false ? { recovered } : {};
    this.#connection.send({ type: 'snapshot', game, epoch, seq, now, state, ...lost });
    this.#follow(game, epoch, seq, state.status === 'completed', state.endsAt);
  }

  async #resume({ id, game, epoch, seq }: Message<'resume'>): Promise<void> {
    const { authority, metrics } = this.#services;
    const known = { epoch, seq };
    const resumed = await this.#withinGames(game, () => authority.resume(this.#actor, game, known));
    const { recovered } = resumed;
    metrics.resumes.inc({ recovered: String(recovered) });
    const at = recovered ? resumed : resumed.view;
    this.#connection.send({ type: 'ack', id, game, epoch: at.epoch, seq: at.seq, recovered });
    if (!recovered) return this.#snapshot(resumed.view, false);
    for (const { text } of resumed.entries) this.#connection.deliver(new Packet('event', text));
    this.#follow(game, resumed.epoch, resumed.seq, resumed.completed, resumed.endsAt);
  }

  async #leave({ id, game }: Message<'leave'>): Promise<void> {
    const applied = await this.#services.authority.leave(this.#actor, id, game);
    this.#unfollow(game);
    this.#leaveChannel(game);
    this.#ack(id, applied);
  }

  #follow(game: string, epoch: string, seq: number, completed: boolean, endsAt: number | undefined): void {
    this.#unfollow(game);
    if (completed || !this.#connection.isOpen) return;
    const { feeds, gameClock } = this.#services;
    const follower: Follower = {
      deliver: (packet) => this.#connection.deliver(packet),
      ended: () => this.#games.delete(game),
      reset: () => {
        this.#games.delete(game);
        this.#lanes.run(game, () => this.#startOver(game));
      },
    };
    this.#games.set(game, feeds.follow(gameHistory(game, this.#services), epoch, seq, follower));
    if (endsAt !== undefined) gameClock.arm(game, endsAt);
  }

  #unfollow(game: string): void {
    this.#games.get(game)?.();
    this.#games.delete(game);
  }

  async #startOver(game: string): Promise<void> {
    try {
      const view = await this.#services.authority.view(game);
      if (view.state.players.some(({ id }) => id === this.#connection.player.id)) this.#snapshot(view, false);
    } catch (error) {
      if (error instanceof Refusal && error.code === 'game_not_found') return;
      // The client must not be left with a history that is no more: it resumes on the next socket.
      this.#connection.log.warn({ game, reason: (error as Error).message }, 'a game could not be read again');
      this.#connection.close('tryAgainLater');
    }
  }

  async #say({ id, channel, text }: Message<'chat'>): Promise<void> {
    if (!this.#channels.has(channel)) throw new Refusal('not_subscribed');
    const wait = this.#chatRate.take(performance.now());
    if (wait > 0) throw new Refusal('rate_limited', `Too many lines; wait ${wait} ms.`, wait);
    const said = await this.#services.chat.say(this.#connection.player, id, channel, text);
    this.#services.metrics.chatLines.inc({ channel: channel === LOBBY ? LOBBY : 'game' });
    const duplicate = said.duplicate ? { duplicate: true } : {};
    this.#connection.send({ type: 'ack', id, channel, epoch: said.epoch, seq: said.seq, ...duplicate });
  }

  async #subscribe({ id, channel, epoch: known, after }: Message<'subscribe'>): Promise<void> {
    const { authority, chat } = this.#services;
    const { player } = this.#connection;
    if (channel !== LOBBY && !(await authority.isPlayer(channel, player.id))) throw new Refusal('not_a_player');
    const { epoch, seq, lines } = await chat.recent(channel);
    if (!this.#connection.isOpen) return;
    const from = known === undefined || known === epoch ? (after ?? 0) : 0;
    this.#connection.send({ type: 'ack', id, channel, epoch, seq });
    this.#showChannel(channel, epoch, seq, lines.filter((line) => line.seq > from));
  }

  #showChannel(channel: string, epoch: string, seq: number, lines: ChatLine[]): void {
    const { chat, feeds, presence } = this.#services;
    this.#connection.send({ type: 'history', channel, epoch, lines });
    this.#leaveChannel(channel);
    const deliver = (packet: Packet) => this.#connection.deliver(packet);
    const startOver = () => this.#lanes.run(`#${channel}`, async () => {
      // A channel that cannot be read now is read when the client subscribes again.
      const recent = await chat.recent(channel).catch(() => undefined);
      if (recent && this.#connection.isOpen) this.#showChannel(channel, recent.epoch, recent.seq, recent.lines);
    });
    const unfollow = feeds.follow(chat.historyOf(channel), epoch, seq, { deliver, reset: startOver });
    const leave = presence.enter(channel, this.#connection.player, deliver);
    this.#channels.set(channel, () => {
      unfollow();
      leave();
    });
  }

  #leaveChannel(channel: string): void {
    this.#channels.get(channel)?.();
    this.#channels.delete(channel);
  }
}

/** Moves of a game keep their order among each other; chat does not wait for them. */
function laneOf(message: Exclude<ClientMessage, { type: 'ping' }>): string {
  if ('game' in message) return message.game;
  return 'channel' in message ? `#${message.channel}` : message.type;
}
