import type { GameSettings, PlayerRef, ServerMessage, ServerMessageOf } from '../protocol/index.ts';
import { Channels } from './channels.ts';
import { Connection } from './connection.ts';
import { GridlockError } from './errors.ts';
import {
  type ClientEvents,
  type ConnectionState,
  Emitter,
  type GameView,
  type Health,
  type StateChange,
} from './events.ts';
import { Games } from './games.ts';
import { type ClientOptions, DEFAULT_OPTIONS } from './options.ts';
import { type Ack, Outbox } from './outbox.ts';
import { type Platform, randomText, type SocketTarget, socketPath } from './platform.ts';
import { Renewal } from './renewal.ts';
import { type Context, type NewRequest, Requests } from './requests.ts';
import { readSaved, writeSaved } from './saved-state.ts';
import { Session } from './session.ts';
import { SteadyClock } from './steady-clock.ts';
import { Vitals } from './vitals.ts';

type Welcome = ServerMessageOf<'welcome'>;
/** Acknowledged and in a game: `game` is its code, by which others join. */
export type Seated = Ack & { readonly game: string };

interface Waiter {
  resolve(welcome: Welcome): void;
  reject(error: GridlockError): void;
}

/**
 * A player's side of gridlock.v1, the same in every runtime. Requests resolve when the server has acknowledged them and
 * reject with a `GridlockError`; they survive the loss of the connection until their deadline, and are applied once.
 */
export class GridlockClient {
  readonly #platform: Platform;
  readonly #options: ClientOptions;
  readonly #events = new Emitter<ClientEvents>();
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #session: Session;
  readonly #games: Games;
  readonly #channels: Channels;
  readonly #vitals: Vitals;
  readonly #requests: Requests;
  readonly #renewal: Renewal;
  #route: string | undefined;
  /** By which the server tells its attempts to connect from those of another client of the player. */
  #instance: string;
  #attempts: number;
  #routeByGame: boolean;
  #waiters: Waiter[] = [];

  constructor(platform: Platform, options: Partial<ClientOptions> = {}) {
    const { clock, random, store } = platform;
    this.#platform = platform;
    this.#options = { ...DEFAULT_OPTIONS, ...options };
    this.#vitals = new Vitals(clock);
    const saved = readSaved(store);
    const own = saved && (options.slot === undefined || options.slot === saved.slot) ? saved : undefined;
    this.#session = new Session(platform, options.slot ?? own?.slot ?? randomText(random, 12), own?.session);
    if (options.name !== undefined) this.#session.rename(options.name);
    this.#route = this.#options.routeByGame === false ? undefined : own?.route;
    this.#routeByGame = this.#options.routeByGame ?? false;
    // Of a page that was loaded again: an attempt of the one before may still hang somewhere, and come late.
    const [instance = randomText(random, 8), attempts = '0'] = own?.attempt?.split('.') ?? [];
    this.#instance = instance;
    this.#attempts = Number(attempts);
    this.#connection = new Connection(platform, this.#options, {
      authenticate: (renew) => this.#authenticate(renew),
      target: (rebalance) => this.#target(rebalance),
      onState: (change) => this.#onState(change),
      onWelcome: (welcome) => this.#onWelcome(welcome),
      onMessage: (message) => this.#onMessage(message),
      onCut: () => this.#onCut(),
      onError: (error) => this.#events.emit('error', error),
    });
    this.#outbox = new Outbox(new SteadyClock(clock), random, this.#options, (request) =>
      this.#connection.send(request),
    );
    this.#requests = new Requests(this.#outbox, random, () => this.state === 'closed');
    this.#renewal = new Renewal({
      clock,
      random,
      outbox: this.#outbox,
      nextId: () => this.#requests.nextId(),
      serverNow: () => this.serverNow(),
      renew: () => this.#renew(),
    });
    const context: Context = {
      outbox: this.#outbox,
      events: this.#events,
      nextId: () => this.#requests.nextId(),
      save: () => this.#save(),
      unrestored: (message) => this.#connection.fail(message),
    };
    this.#games = new Games(context, own?.games ?? []);
    this.#channels = new Channels(context, own?.channels ?? []);
  }

  /** Listens to an event; returns what ends that. */
  on<K extends keyof ClientEvents>(type: K, listener: (payload: ClientEvents[K]) => void): () => void {
    return this.#events.on(type, listener);
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  get health(): Health {
    return this.#vitals.health(this.state, this.#connection.transport, this.#outbox.size);
  }

  /** Who the server takes this client for; undefined before the first session. */
  get player(): PlayerRef | undefined {
    return this.#vitals.welcome?.player ?? this.#session.answer?.player;
  }

  /** The games this client is in, as far as their state has arrived. */
  get games(): GameView[] {
    return this.#games.views;
  }

  game(code: string): GameView | undefined {
    return this.#games.view(code);
  }

  /** Milliseconds since the Unix epoch by the server's clock, which decides when a game ends. */
  serverNow(): number {
    return this.#vitals.serverNow();
  }

  /**
   * Connects and keeps connected. Resolves with the server's welcome, however many attempts it takes; rejects with
   * `closed` when the client is closed first. A name other than the present one is taken on over a new socket.
   */
  connect(options: { readonly name?: string } = {}): Promise<Welcome> {
    const renamed = options.name !== undefined && this.#session.rename(options.name);
    if (renamed) this.#move();
    const { welcome } = this.#vitals;
    if (this.state === 'open' && welcome) return Promise.resolve(welcome);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#connection.open();
    });
  }

  /** Connects without waiting for the back-off, or takes the place of the socket that superseded this one. */
  reconnect(): Promise<Welcome> {
    return this.connect();
  }

  /** Ends the connection and refuses what waits for an answer. `connect` brings the games back. */
  close(): void {
    this.#connection.close();
  }

  /**
   * Ends the session: every socket of the player is closed, and its token opens none any more. The next `connect` is
   * that of a new guest. Rejects when the server could not be told; the client is closed then, too.
   */
  async logout(): Promise<void> {
    this.close();
    try {
      await this.#session.end();
    } finally {
      this.#games.clear();
      this.#channels.clear();
      this.#route = undefined;
      this.#save();
    }
  }

  create(settings: Partial<GameSettings> = {}): Promise<Seated> {
    return this.#seat({ type: 'create', ...settings });
  }

  join(game: string): Promise<Seated> {
    this.#games.expect(game);
    this.#routeTo(game);
    return this.#seat({ type: 'join', game });
  }

  /** Joins a game that waits for players and has these settings, or creates one. */
  match(settings: Partial<GameSettings> = {}): Promise<Seated> {
    return this.#seat({ type: 'match', ...settings });
  }

  /** Follows a game of others that lets them watch: its `game` events come, and nothing can be done in it. */
  watch(game: string): Promise<Seated> {
    this.#games.expect(game);
    this.#routeTo(game);
    return this.#seat({ type: 'watch', game }, true);
  }

  /** The game is watched, not played. */
  isWatching(game: string): boolean {
    return this.#games.isWatching(game);
  }

  /** Leaves a game, stops watching it, or puts a completed one out of sight. */
  async leave(game: string): Promise<void> {
    const completed = this.#games.forgetCompleted(game);
    const isLeft = ({ code }: GridlockError) => completed || code === 'game_not_found' || code === 'not_a_player';
    // Its chat is for who is in it.
    const forgetChat = this.#channels.forgetter(game);
    // Before the rest of the frame is read: a seat that was asked for after this may be given in it.
    const forget = () => {
      this.#games.forget(game);
      forgetChat();
      if (this.#route === game && !this.#outbox.has(['join', 'watch'])) this.#route = undefined;
      this.#save();
    };
    try {
      await this.#requests.send({ type: 'leave', game }, forget, (error) => isLeft(error) && forget());
    } catch (error) {
      if (!(error instanceof GridlockError && isLeft(error))) throw error;
    }
  }

  /** Takes a cell (`row * size + column`); resolves with the capture's place in the game's history. */
  capture(game: string, cell: number): Promise<Ack> {
    return this.#requests.send({ type: 'capture', game, cell });
  }

  chat(channel: string, text: string): Promise<Ack> {
    return this.#requests.send({ type: 'chat', channel, text });
  }

  /** Listens to a channel's chat and presence, on every connection to come. The last lines said there come first. */
  subscribe(channel: string): Promise<Ack> {
    const log = this.#channels.open(channel);
    return this.#requests.send(
      { type: 'subscribe', ...log.position },
      () => this.#channels.confirm(channel),
      () => this.#channels.refuse(channel),
    );
  }

  async unsubscribe(channel: string): Promise<void> {
    this.#channels.forget(channel);
    try {
      await this.#requests.send({ type: 'unsubscribe', channel });
    } catch (error) {
      if (!(error instanceof GridlockError && error.code === 'not_subscribed')) throw error;
    }
  }

  #seat(request: NewRequest<'create' | 'join' | 'match' | 'watch'>, watching = false): Promise<Seated> {
    return this.#requests.send(request, (ack) => {
      if (ack.game === undefined) return;
      this.#games.enter(ack.game, ack.epoch, watching);
      this.#routeTo(ack.game);
    }) as Promise<Seated>;
  }

  async #authenticate(renew: boolean): Promise<void> {
    await this.#session.ensure(renew, this.serverNow());
    this.#save();
  }

  async #renew(): Promise<string | undefined> {
    const proof = await this.#session.renew(this.serverNow());
    this.#save();
    return proof;
  }

  #target(rebalance: boolean): SocketTarget {
    // By time: what was saved may be a copy of, or older than, what connected often since, and would come late each time.
    this.#attempts = Math.max(this.#attempts + 1, Math.floor(this.#platform.clock.now()));
    // Before it is made: the page may be loaded again while it hangs.
    this.#save();
    const { slot, token } = this.#session;
    return { path: socketPath({ slot, game: this.#route, rebalance, attempt: this.#attempt }), token };
  }

  get #attempt(): string {
    return `${this.#instance}.${this.#attempts}`;
  }

  #routeTo(game: string): void {
    if (!this.#routeByGame || game === this.#route) return;
    this.#route = game;
    this.#save();
    this.#move();
  }

  #move(): void {
    if (this.state === 'closed') return;
    this.#vitals.moving();
    this.#connection.move();
  }

  #onState(change: StateChange): void {
    if (change.state === 'closed') {
      const { reason, message = '' } = change;
      // Whoever did that may be a copy of this page, which counts on from the same attempt: who comes back is another one.
      if (reason === 'superseded') [this.#instance, this.#attempts] = [randomText(this.#platform.random, 8), 0];
      const error = new GridlockError('closed', `The connection was closed (${reason}): ${message}`);
      this.#outbox.rejectAll(error);
      for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
    }
    this.#events.emit('state', change);
    this.#events.emit('health', this.health);
  }

  #onWelcome(welcome: Welcome): void {
    this.#vitals.welcomed(welcome);
    this.#routeByGame = this.#options.routeByGame ?? welcome.routeByGame ?? false;
    this.#outbox.connected(welcome.limits.messagesPerSecond);
    if (welcome.expiresAt !== undefined) this.#renewal.start(welcome.expiresAt);
    let waiting = 1;
    const { connections } = this.#vitals;
    const done = () => {
      const present = this.state === 'open' && this.#vitals.connections === connections;
      if (--waiting === 0 && present) this.#outbox.release();
    };
    waiting += this.#games.restore(done) + this.#channels.restore(done);
    done();
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(welcome);
    this.#onState({ state: 'open' });
  }

  #onCut(): void {
    this.#renewal.stop();
    this.#vitals.cut();
    this.#games.cut();
    this.#outbox.cut();
  }

  #onMessage(message: ServerMessage): void {
    switch (message.type) {
      case 'pong':
        return this.#onPong(message);
      case 'ack':
        return this.#outbox.ack(message);
      case 'error':
        if (!this.#outbox.refuse(message)) this.#events.emit('error', GridlockError.of(message));
        return;
      case 'event':
        return this.#games.onEvent(message);
      case 'snapshot':
        return this.#games.onSnapshot(message);
      case 'chat':
        return this.#channels.onChat(message);
      case 'history':
        return this.#channels.onHistory(message);
      case 'presence':
        return this.#channels.onPresence(message);
      case 'watchers':
        return this.#events.emit('watchers', { game: message.game, count: message.count });
    }
  }

  #onPong(pong: ServerMessageOf<'pong'>): void {
    this.#vitals.ponged(pong);
    this.#events.emit('health', this.health);
  }

  #save(): void {
    const session = this.#session.answer;
    writeSaved(this.#platform.store, {
      version: 1,
      slot: this.#session.slot,
      ...(session ? { session } : {}),
      games: this.#games.saved,
      channels: this.#channels.saved,
      ...(this.#attempts === 0 ? {} : { attempt: this.#attempt }),
      ...(this.#route === undefined ? {} : { route: this.#route }),
    });
  }
}
