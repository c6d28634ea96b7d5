import type { AnyRoomType, ChannelOf, CommandOf, DataOf, PlayerRef, SettingsOf, StateOf } from '../protocol/index.ts';
import { Engine, type Welcome } from './engine.ts';
import { GridlockError } from './errors.ts';
import type { ClientEvents, ConnectionState, GameView, Health } from './events.ts';
import type { ClientOptions } from './options.ts';
import type { Ack } from './outbox.ts';
import type { Platform } from './platform.ts';
import type { NewRequest } from './requests.ts';

/** Acknowledged and in a game: `game` is its code, by which others join. */
export type Seated = Ack & { readonly game: string };

/**
 * A player's side of gridlock.v1, the same in every runtime. Requests resolve when the server has acknowledged them and
 * reject with a `GridlockError`; they survive the loss of the connection until their deadline, and are applied once.
 */
export class GridlockClient<Room extends AnyRoomType = AnyRoomType> {
  readonly #engine: Engine;

  constructor(platform: Platform, options: Partial<ClientOptions<Room>> = {}) {
    this.#engine = new Engine(platform, options);
  }

  /** Listens to an event; returns what ends that. */
  on<K extends keyof ClientEvents>(type: K, listener: (payload: ClientEvents<Room>[K]) => void): () => void {
    return this.#engine.events.on(type, listener as (payload: ClientEvents[K]) => void);
  }

  get state(): ConnectionState {
    return this.#engine.connection.state;
  }

  get health(): Health {
    return this.#engine.health;
  }

  /** Who the server takes this client for; undefined before the first session. */
  get player(): PlayerRef | undefined {
    const { vitals, session } = this.#engine;
    return vitals.welcome?.player ?? session.answer?.player;
  }

  /** The games this client is in, as far as their state has arrived. */
  get games(): GameView<Room>[] {
    return this.#engine.games.views;
  }

  game(code: string): GameView<Room> | undefined {
    return this.#engine.games.view(code);
  }

  /**
   * The state of a game with the effect of this client's commands that wait for their answer: it shows them at once, and
   * takes back what the server refuses. The state itself where nothing is under way; undefined without `room`.
   */
  predicted(game: string): StateOf<Room> | undefined {
    return this.#engine.predictions.state(game) as StateOf<Room> | undefined;
  }

  /** Milliseconds since the Unix epoch by the server's clock, which decides when a game ends. */
  serverNow(): number {
    return this.#engine.vitals.serverNow();
  }

  /**
   * Connects and keeps connected. Resolves with the server's welcome, however many attempts it takes; rejects with
   * `closed` when the client is closed first. A name other than the present one is taken on over a new socket.
   */
  connect(options: { readonly name?: string } = {}): Promise<Welcome> {
    return this.#engine.connect(options.name);
  }

  /** Connects without waiting for the back-off, or takes the place of the socket that superseded this one. */
  reconnect(): Promise<Welcome> {
    return this.connect();
  }

  /**
   * Makes sure that the connection works, as after a change of the network: one that does not answer within seconds is
   * made again, and a wait for the next attempt ends. A browser client calls it by itself.
   */
  probe(): void {
    this.#engine.connection.probe();
  }

  /** Ends the connection and refuses what waits for an answer. `connect` brings the games back. */
  close(): void {
    this.#engine.connection.close();
  }

  /**
   * Ends the session: every socket of the player is closed, and its token opens none any more. The next `connect` is
   * that of a new guest. Rejects when the server could not be told; the client is closed then, too.
   */
  logout(): Promise<void> {
    return this.#engine.logout();
  }

  /** Makes a room; settings that are left out have the defaults of the room type. */
  create(settings: Partial<SettingsOf<Room>> = {}): Promise<Seated> {
    return this.#enter({ type: 'create', ...settings });
  }

  join(game: string): Promise<Seated> {
    this.#expect(game);
    return this.#enter({ type: 'join', game });
  }

  /** Joins a game that waits for players and has these settings, or creates one. */
  match(settings: Partial<SettingsOf<Room>> = {}): Promise<Seated> {
    return this.#enter({ type: 'match', ...settings });
  }

  /** Follows a game of others that lets them watch: its `game` events come, and nothing can be done in it. */
  watch(game: string): Promise<Seated> {
    this.#expect(game);
    return this.#enter({ type: 'watch', game });
  }

  /** The game is watched, not played. */
  isWatching(game: string): boolean {
    return this.#engine.games.isWatching(game);
  }

  /** Leaves a game, stops watching it, or puts a completed one out of sight. */
  async leave(game: string): Promise<void> {
    const { games, channels, requests } = this.#engine;
    const wasCompleted = games.forgetCompleted(game);
    const isLeft = ({ code }: GridlockError) => wasCompleted || code === 'game_not_found' || code === 'not_a_player';
    // They are for its members.
    const forgetChannels = channels.forgetter(game);
    // Before the rest of the frame is read: a seat that was asked for after this may be given in it.
    const forget = () => {
      forgetChannels();
      this.#engine.forget(game);
    };
    try {
      await requests.send({ type: 'leave', game }, forget, (error) => isLeft(error) && forget());
    } catch (error) {
      if (!(error instanceof GridlockError && isLeft(error))) throw error;
    }
  }

  /** Has a command of the application carried out; resolves with its place in the game's history. */
  act(game: string, command: CommandOf<Room>): Promise<Ack> {
    const { predictions, requests } = this.#engine;
    const { kind, ...fields } = command;
    const prediction = predictions.add(game, command);
    return requests.send(
      { ...fields, type: kind, game },
      (ack) => predictions.grant(prediction, ack),
      () => predictions.remove(prediction),
    );
  }

  /** Publishes in a channel that the client is subscribed to; resolves with the message's place in its history. */
  publish<Channel extends ChannelOf<Room>>(channel: Channel, data: DataOf<Room, Channel>): Promise<Ack> {
    return this.#engine.requests.send({ type: 'publish', channel, data });
  }

  /** Listens to a channel's messages and presence, on every connection to come. The messages it kept come first. */
  subscribe(channel: ChannelOf<Room>): Promise<Ack> {
    const { channels, requests } = this.#engine;
    const { position } = channels.open(channel);
    return requests.send(
      { type: 'subscribe', ...position },
      () => channels.confirm(channel),
      () => channels.refuse(channel),
    );
  }

  async unsubscribe(channel: ChannelOf<Room>): Promise<void> {
    const { channels, requests } = this.#engine;
    channels.forget(channel);
    try {
      await requests.send({ type: 'unsubscribe', channel });
    } catch (error) {
      if (!(error instanceof GridlockError && error.code === 'not_subscribed')) throw error;
    }
  }

  /** A seat in a game is about to be asked for. */
  #expect(game: string): void {
    this.#engine.games.expect(game);
    this.#engine.routeTo(game);
  }

  #enter(request: NewRequest<'create' | 'join' | 'match' | 'watch'>): Promise<Seated> {
    const { games, requests } = this.#engine;
    return requests.send(request, ({ game, epoch }) => {
      if (game === undefined) return;
      games.enter(game, epoch, request.type === 'watch');
      this.#engine.routeTo(game);
    }) as Promise<Seated>;
  }
}
