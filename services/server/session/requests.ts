import { type ClientMessage, ERROR_CODES, LIMITS } from '../../protocol/index.ts';
import {
  type Applied,
  type Entered,
  type GameAuthority,
  Refusal,
  type SocketActor,
} from '../authority/game-authority.ts';
import { roomCommand, roomSettings } from '../authority/room-input.ts';
import type { GameClock, StoreClock } from '../cluster/clock.ts';
import type { Presence } from '../cluster/presence.ts';
import type { EndedRooms } from '../game/ended-rooms.ts';
import { FollowedGames } from '../game/followed-games.ts';
import type { SeatHold } from '../game/seat-hold.ts';
import type { Channels } from '../history/channels.ts';
import type { FeedSet } from '../history/feed.ts';
import type { Signals } from '../history/signals.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { Trace, Traces } from '../traces/traces.ts';
import { turn } from '../transport/turn.ts';
import { ChannelRequests } from './channel-requests.ts';
import type { Connection, FollowedRoom } from './connection.ts';
import { KeyedQueue } from './keyed-queue.ts';
import type { LookupGuard } from './lookup-guard.ts';
import type { SharedRates } from './shared-rates.ts';

/** A request that waited longer than this behind others is not started. */
const REQUEST_MS = 2000;

export interface Services {
  readonly authority: GameAuthority;
  readonly channels: Channels;
  readonly signals: Signals;
  readonly presence: Presence;
  readonly feeds: FeedSet;
  readonly gameClock: GameClock;
  readonly endedRooms: Pick<EndedRooms, 'note'>;
  readonly seatHold: SeatHold;
  readonly clock: StoreClock;
  readonly metrics: Metrics;
  readonly traces: Traces | undefined;
  readonly rates: Pick<SharedRates, 'publish' | 'game'>;
  readonly lookups: Pick<LookupGuard, 'begin'>;
  /** When the session ends that a token of the player says; rejects with a `Refusal`. */
  readonly refresh: (player: string, token: string) => Promise<number>;
  /** Called when a newer socket of the player acts, so that this one must close. */
  readonly onSuperseded: (connection: Connection) => void;
}

const MALFORMED: ReadonlySet<string> = new Set(['bad_message', 'unknown_type', 'channel_not_found']);

/** An epoch no game has. */
const NO_EPOCH = 'none';

type Message<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>;

/** Carries out the requests of one connection, and follows its games and channels. */
export class Requests {
  readonly #connection: Connection;
  readonly #services: Services;
  readonly #queue = new KeyedQueue();
  readonly #games: FollowedGames;
  readonly #channels: ChannelRequests;
  #entering = 0;

  constructor(connection: Connection, services: Services) {
    this.#connection = connection;
    this.#services = services;
    this.#games = new FollowedGames(connection, services, this.#queue);
    this.#channels = new ChannelRequests(connection, services, this.#queue);
  }

  handle(message: ClientMessage): void {
    if (message.type === 'ping') {
      this.#connection.send({ type: 'pong', t: message.t, now: this.#services.clock.now() });
      return;
    }
    const received = performance.now();
    const { traces } = this.#services;
    const trace = traces && message.type === 'command' ? traces.command(this.#connection.handshake) : undefined;
    this.#queue.run(queueKeyOf(message), async () => {
      if (!this.#connection.isOpen) return;
      try {
        if (performance.now() - received > REQUEST_MS) throw new Refusal('unavailable', undefined, 1000);
        await this.#lookUp(message, trace);
        if (message.type === 'command') {
          this.#services.metrics.commandSeconds.observe((performance.now() - received) / 1000);
        }
      } catch (error) {
        this.#refuse(message.id, error);
        trace?.end({ 'gridlock.refused': error instanceof Refusal ? error.code : 'internal' });
      }
    });
  }

  /** Stops following everything. */
  close(): void {
    this.#services.seatHold.release(this.#actor, this.#connection.id, this.#games.played);
    this.#games.close();
    this.#channels.close();
  }

  /** A request waits for its answer. */
  get isBusy(): boolean {
    return !this.#queue.isIdle;
  }

  get rooms(): readonly FollowedRoom[] {
    return this.#games.all;
  }

  follows(game: string): boolean {
    return this.#games.has(game);
  }

  get #actor(): SocketActor {
    return this.#connection;
  }

  /**
   * Carries a request out. A room that the connection is not in may be a guess. The answer is then the same whether the
   * code leads nowhere or to a room of other players, and an address has a limited number of misses.
   */
  async #lookUp(message: Exclude<ClientMessage, { type: 'ping' }>, trace: Trace | undefined): Promise<void> {
    const game = this.#roomOf(message);
    if (game === undefined || this.#games.has(game)) return this.#dispatch(message, trace);
    const lookup = this.#services.lookups.begin(this.#connection.address);
    if (typeof lookup === 'number') throw tooMany('room codes that lead nowhere', lookup);
    let isMiss = false;
    try {
      await this.#dispatch(message, trace);
    } catch (error) {
      isMiss = error instanceof Refusal && (error.code === 'game_not_found' || error.code === 'not_a_player');
      throw isMiss ? new Refusal('game_not_found') : error;
    } finally {
      if (isMiss) lookup.missed();
      else lookup.found();
    }
  }

  /** The room that a request names, or that the channel is of which it names. */
  #roomOf(message: Exclude<ClientMessage, { type: 'ping' }>): string | undefined {
    if ('game' in message) return message.game as string;
    const isAboutChannel = message.type === 'subscribe' || message.type === 'publish';
    return isAboutChannel ? this.#channels.roomOf(message) : undefined;
  }

  async #dispatch(message: Exclude<ClientMessage, { type: 'ping' }>, trace: Trace | undefined): Promise<void> {
    const { authority } = this.#services;
    const { id } = message;
    switch (message.type) {
      case 'create':
        return this.#makeOrEnter(id, () => authority.create(this.#actor, id, this.#settings(message)));
      case 'join':
        // Joining and leaving in turns counts like making games.
        if (!this.#games.has(message.game)) await this.#countGame();
        return this.#enter(id, () => authority.join(this.#actor, id, message.game), message.game);
      case 'match':
        return this.#makeOrEnter(id, () => authority.match(this.#actor, id, this.#settings(message)));
      case 'leave':
        return this.#leave(message);
      case 'command': {
        const command = roomCommand(authority.type, message.command);
        const applied = await authority.act(this.#actor, id, message.game, command, trace);
        if (trace) endWithFrames(trace, applied);
        return this.#ack(id, applied);
      }
      case 'resume':
        this.#countHistory();
        return this.#resume(message);
      case 'watch':
        this.#countHistory();
        return this.#watch(message);
      case 'publish':
        return this.#channels.publish(message);
      case 'subscribe':
        this.#countHistory();
        return this.#channels.subscribe(message);
      case 'unsubscribe':
        return this.#channels.unsubscribe(message);
      case 'refresh':
        return this.#refresh(message);
    }
  }

  #refuse(id: string, error: unknown): void {
    const { metrics, onSuperseded } = this.#services;
    const { log } = this.#connection;
    if (!(error instanceof Refusal)) log.error({ err: error }, 'a request failed');
    const refusal = error instanceof Refusal ? error : new Refusal('internal', ERROR_CODES.internal.meaning, 1000);
    metrics.refusals.inc({ code: refusal.code });
    this.#connection.error(refusal.code, refusal.message, id, refusal.retryAfterMs);
    if (refusal.code === 'rate_limited') this.#connection.countRefusal('rateLimited');
    // A request that the application does not know or allow is as malformed as one outside the protocol.
    if (MALFORMED.has(refusal.code)) this.#connection.countRefusal('badMessages');
    if (refusal.code === 'superseded') onSuperseded(this.#connection);
  }

  async #refresh({ id, token }: Message<'refresh'>): Promise<void> {
    const { player } = this.#connection;
    this.#connection.extend(await this.#services.refresh(player.id, token));
    this.#connection.send({ type: 'ack', id, expiresAt: this.#connection.expiresAt });
  }

  #settings({ type, id: _, ...settings }: Message<'create' | 'match'>): unknown {
    return roomSettings(this.#services.authority.type, settings, `"${type}"`);
  }

  #countHistory(): void {
    const wait = this.#connection.allowance.history();
    if (wait > 0) throw tooMany('histories', wait);
  }

  /** Here first, where it costs nothing to refuse, then in the cluster. */
  async #countGame(): Promise<void> {
    const { allowance, player } = this.#connection;
    const wait = allowance.game() || (await this.#services.rates.game(player.id));
    if (wait > 0) throw tooMany('games', wait);
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
    const entered = await this.#withinGames(game, task).catch((error: unknown) => {
      // Redis may still carry out a request that nobody waits for any more. Giving up a seat that was not taken does
      // nothing.
      if (game !== undefined && error instanceof Refusal && error.code === 'unavailable') this.#holdIfGone(game);
      throw error;
    });
    this.#holdIfGone(entered.game);
    this.#ack(id, entered);
    this.#games.show(entered.view, false);
  }

  /** A request that may make a game, which is counted by address too. */
  async #makeOrEnter(id: string, task: () => Promise<Entered>): Promise<void> {
    const { authority } = this.#services;
    const { allowance } = this.#connection;
    const wait = allowance.newGame();
    if (wait > 0) throw new Refusal('rate_limited', `Too many games from your address; wait ${wait} ms.`, wait);
    await this.#countGame().catch((error: unknown) => {
      allowance.noNewGame();
      throw error;
    });
    return this.#enter(id, async () => {
      const entered = await task();
      if (entered.duplicate || authority.type.members(entered.view.state).length > 1) allowance.noNewGame();
      return entered;
    });
  }

  /**
   * A player who disconnects before the answer is in the game as well. The seat is held and given up like any other.
   */
  #holdIfGone(game: string): void {
    const { isOpen, id } = this.#connection;
    if (!isOpen) this.#services.seatHold.release(this.#actor, id, [game]);
  }

  #ack(id: string, { game, epoch, seq, duplicate }: Applied): void {
    this.#connection.send({ type: 'ack', id, game, epoch, seq, ...(duplicate ? { duplicate } : {}) });
  }

  async #resume({ id, game, epoch, seq }: Message<'resume'>): Promise<void> {
    const { authority, metrics } = this.#services;
    const known = { epoch, seq };
    const resumed = await this.#withinGames(game, () => authority.resume(this.#actor, game, known));
    this.#holdIfGone(game);
    metrics.resumes.inc({ recovered: resumed.recovered ? 'true' : 'false' });
    this.#games.goOn(id, game, resumed, false);
    // A reconnecting client has waited long enough.
    this.#connection.flush();
  }

  async #watch({ id, game, epoch = NO_EPOCH, seq = 0 }: Message<'watch'>): Promise<void> {
    const { authority } = this.#services;
    const { player } = this.#connection;
    const isNew = epoch === NO_EPOCH;
    // A player who asks to watch goes on as a player and keeps the seat.
    const isWatching = !(await authority.isPlayer(game, player.id));
    const known = { epoch, seq };
    const seen = await this.#withinGames(game, () =>
      isWatching ? authority.watch(player.id, game, known) : authority.resume(this.#actor, game, known),
    );
    if (!isWatching) this.#holdIfGone(game);
    this.#games.goOn(id, game, seen, isWatching, isNew);
  }

  async #leave({ id, game }: Message<'leave'>): Promise<void> {
    if (this.#games.isWatching(game)) {
      this.#games.stop(game);
      this.#channels.leaveRoom(game);
      return this.#connection.send({ type: 'ack', id, game });
    }
    const applied = await this.#services.authority.leave(this.#actor, id, game);
    this.#games.stop(game);
    this.#channels.leaveRoom(game);
    this.#ack(id, applied);
  }
}

/** The answer and the events leave this replica with the frames of this turn. */
function endWithFrames(trace: Trace, { duplicate }: Applied): void {
  const step = trace.step('deliver');
  turn.atEnd('frames', () => {
    step.end();
    trace.end({ 'gridlock.duplicate': duplicate });
  });
}

const tooMany = (what: string, waitMs: number): Refusal =>
  new Refusal('rate_limited', `Too many ${what}; wait ${waitMs} ms.`, waitMs);

/** Commands of a room keep their order among each other; messages in channels do not wait for them. */
function queueKeyOf(message: Exclude<ClientMessage, { type: 'ping' }>): string {
  if ('game' in message) return message.game as string;
  return 'channel' in message ? `#${message.channel}` : message.type;
}
