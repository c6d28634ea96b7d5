import type { ServerMessage, ServerMessageOf } from '../protocol/index.ts';
import { Channels } from './channels.ts';
import { SteadyClock } from './clock.ts';
import { Connection } from './connection.ts';
import { Emitter } from './emitter.ts';
import { GridlockError } from './errors.ts';
import type { ClientEvents, Health, StateChange } from './events.ts';
import { Games } from './games.ts';
import { type ClientOptions, DEFAULT_OPTIONS } from './options.ts';
import { Outbox } from './outbox.ts';
import { type Platform, randomText, type SocketTarget } from './platform.ts';
import { Predictions } from './predictions.ts';
import { Renewal } from './renewal.ts';
import { type Context, Requests } from './requests.ts';
import { RoomRequests } from './room-requests.ts';
import { readSaved, writeSaved } from './saved-state.ts';
import { Session } from './session.ts';
import { SocketAddress } from './socket-address.ts';
import { Vitals } from './vitals.ts';

export type Welcome = ServerMessageOf<'welcome'>;

const SLOT_LENGTH = 12;

interface Waiter {
  resolve(welcome: Welcome): void;
  reject(error: GridlockError): void;
}

/** The parts of a `GridlockClient`, and the calls between them. */
export class Engine {
  readonly events = new Emitter<ClientEvents>();
  readonly connection: Connection;
  readonly outbox: Outbox;
  readonly requests: Requests;
  readonly session: Session;
  readonly games: Games;
  readonly channels: Channels;
  readonly rooms: RoomRequests;
  readonly vitals: Vitals;
  readonly #platform: Platform;
  readonly #options: ClientOptions;
  readonly #renewal: Renewal;
  readonly #address: SocketAddress;
  /** Resolves when the slot is this client's own. */
  #claimed: Promise<void> | undefined;
  #waiters: Waiter[] = [];

  constructor(platform: Platform, options: Partial<ClientOptions>) {
    const { random, store } = platform;
    const clock = new SteadyClock(platform.clock);
    this.#platform = platform;
    this.#options = { ...DEFAULT_OPTIONS, ...options };
    this.vitals = new Vitals(clock);
    const saved = readSaved(store);
    const own = saved && (options.slot === undefined || options.slot === saved.slot) ? saved : undefined;
    this.session = new Session(platform, options.slot ?? own?.slot ?? randomText(random, SLOT_LENGTH), own?.session);
    if (options.name !== undefined) this.session.rename(options.name);
    this.#address = new SocketAddress(clock, random, options.routeByGame, own ?? {});
    this.connection = new Connection(platform, clock, this.#options, {
      authenticate: (renew) => this.#authenticate(renew),
      target: (rebalance) => this.#target(rebalance),
      onState: (change) => this.#onState(change),
      onWelcome: (welcome) => this.#onWelcome(welcome),
      onMessage: (message) => this.#onMessage(message),
      onCut: () => this.#onCut(),
      onError: (error) => this.events.emit('error', error),
    });
    this.outbox = new Outbox(clock, random, this.#options, (request) => this.connection.send(request));
    this.requests = new Requests(this.outbox, random, () => this.connection.state === 'closed');
    this.#renewal = new Renewal({
      clock,
      random,
      outbox: this.outbox,
      nextId: () => this.requests.nextId(),
      serverNow: () => this.vitals.serverNow(),
      renew: () => this.#renew(),
    });
    const context: Context = {
      outbox: this.outbox,
      events: this.events,
      nextId: () => this.requests.nextId(),
      save: () => this.#save(),
      follow: (game) => void predictions.follow(game),
      unrestored: (message) => this.connection.fail(message),
    };
    const predictions: Predictions = new Predictions({
      type: (game) => this.games.typeOf(game),
      view: (game) => this.games.view(game),
      player: () => this.vitals.welcome?.player,
      now: () => this.vitals.serverNow(),
      onChange: (game) => this.games.changed(game),
    });
    this.channels = new Channels(context, own?.channels ?? []);
    this.games = new Games(context, () => this.rooms, this.#options.room, own?.games ?? []);
    this.rooms = new RoomRequests({
      requests: this.requests,
      games: this.games,
      channels: this.channels,
      predictions,
      routeTo: (game) => this.#routeTo(game),
      forget: (game) => this.#forget(game),
    });
  }

  get health(): Health {
    return this.vitals.health(this.connection.state, this.connection.transport, this.outbox.size);
  }

  /** Resolves with the server's welcome, however many attempts it takes. */
  connect(name: string | undefined): Promise<Welcome> {
    if (name !== undefined && this.session.rename(name)) this.#move();
    const { welcome } = this.vitals;
    if (this.connection.state === 'open' && welcome) return Promise.resolve(welcome);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.connection.open();
    });
  }

  /** Ends the session on the server, and forgets it even when the server does not answer. */
  async logout(): Promise<void> {
    this.connection.close();
    try {
      await this.session.end();
    } finally {
      this.games.clear();
      this.channels.clear();
      this.#address.leadNowhere();
      this.#save();
    }
  }

  /** Moves the socket to a game's replica, if the cluster wants that. */
  #routeTo(game: string): void {
    if (!this.#address.leadTo(game)) return;
    this.#save();
    this.#move();
  }

  /** The player has left a game: the address no longer names it, unless another game is being entered. */
  #forget(game: string): void {
    this.games.forget(game);
    if (this.#address.route === game && !this.outbox.has(['join', 'watch'])) this.#address.leadNowhere();
    this.#save();
  }

  async #authenticate(renew: boolean): Promise<void> {
    await (this.#claimed ??= this.#claim());
    await this.session.ensure(renew, this.vitals.serverNow());
    this.#save();
  }

  /** A copied page has the slot, session and games of the original, so it begins as another guest. */
  async #claim(): Promise<void> {
    const { random } = this.#platform;
    const isOwn = async () => (await this.#platform.claimSlot?.(this.session.slot)) ?? true;
    if (this.#options.slot !== undefined || (await isOwn())) return;
    const games = this.games.saved.map(({ game }) => game);
    this.games.clear();
    this.channels.clear();
    this.#address.leadNowhere();
    this.#address.begin();
    this.session.begin(randomText(random, SLOT_LENGTH));
    this.events.emit('copied', { games });
    await isOwn();
  }

  async #renew(): Promise<string | undefined> {
    const proof = await this.session.renew(this.vitals.serverNow());
    this.#save();
    return proof;
  }

  #target(rebalance: boolean): SocketTarget {
    this.#address.advance();
    // Saved before the socket is made, because the page may reload while the attempt hangs.
    this.#save();
    const { slot, token } = this.session;
    return { path: this.#address.path(slot, rebalance), token };
  }

  #move(): void {
    if (this.connection.state === 'closed') return;
    this.vitals.moving();
    this.connection.move();
  }

  #onState(change: StateChange): void {
    if (change.state === 'closed') {
      const { reason, message = '' } = change;
      if (reason === 'superseded') this.#address.begin();
      const error = new GridlockError('closed', `The connection was closed (${reason}): ${message}`);
      this.outbox.rejectAll(error);
      this.games.refuseWaiting(error);
      for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
    }
    this.events.emit('state', change);
    this.events.emit('health', this.health);
  }

  #onWelcome(welcome: Welcome): void {
    this.vitals.welcomed(welcome);
    this.#address.routeByGame(this.#options.routeByGame ?? welcome.routeByGame ?? false);
    this.outbox.connected(welcome.limits.messagesPerSecond);
    if (welcome.expiresAt !== undefined) this.#renewal.start(welcome.expiresAt);
    this.#restore();
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(welcome);
    this.#onState({ state: 'open' });
  }

  /** Restores games and channels on a new socket, and then sends the caller's requests. */
  #restore(): void {
    let waiting = 1;
    const { connections } = this.vitals;
    const done = () => {
      const isPresent = this.connection.state === 'open' && this.vitals.connections === connections;
      if (--waiting === 0 && isPresent) this.outbox.release();
    };
    waiting += this.games.restore(done) + this.channels.restore(done);
    done();
  }

  #onCut(): void {
    this.#renewal.stop();
    this.vitals.cut();
    this.games.cut();
    this.outbox.cut();
  }

  #onMessage(message: ServerMessage): void {
    switch (message.type) {
      case 'pong':
        this.vitals.ponged(message);
        return this.events.emit('health', this.health);
      case 'ack':
        return this.outbox.ack(message);
      case 'error':
        if (!this.outbox.refuse(message)) this.events.emit('error', GridlockError.of(message));
        return;
      case 'event':
        return this.games.onEvent(message);
      case 'snapshot':
        return this.games.onSnapshot(message);
      case 'message':
        return this.channels.onMessage(message);
      case 'history':
        return this.channels.onHistory(message);
      case 'signal':
        return this.channels.onSignal(message);
      case 'presence':
        return this.channels.onPresence(message);
      case 'watchers':
        return this.games.onWatchers(message);
    }
  }

  #save(): void {
    const { answer, slot } = this.session;
    writeSaved(this.#platform.store, {
      version: 1,
      slot,
      ...(answer ? { session: answer } : {}),
      games: this.games.saved,
      channels: this.channels.saved,
      ...this.#address.saved,
    });
  }
}
