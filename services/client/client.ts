import type { AnyRoomType, ChannelOf, CommandOf, DataOf, PlayerRef, SettingsOf } from '../protocol/index.ts';
import { Engine, type Welcome } from './engine.ts';
import { GridlockError } from './errors.ts';
import type { ClientEvents, ConnectionState, Health } from './events.ts';
import type { ClientOptions } from './options.ts';
import type { Ack } from './outbox.ts';
import type { Platform } from './platform.ts';
import type { Room } from './room.ts';

const isRoomType = (value: object): value is AnyRoomType => 'decide' in value && 'evolve' in value;

/**
 * A player's side of gridlock.v1, the same in every runtime. Requests resolve when the server has acknowledged them and
 * reject with a `GridlockError`; they survive the loss of the connection until their deadline, and are applied once.
 */
export class GridlockClient<Type extends AnyRoomType = AnyRoomType> {
  readonly #engine: Engine;

  constructor(platform: Platform, options: Partial<ClientOptions<Type>> = {}) {
    this.#engine = new Engine(platform, options);
  }

  /** Listens to an event; returns a function that stops it. */
  on<K extends keyof ClientEvents>(type: K, listener: (payload: ClientEvents<Type>[K]) => void): () => void {
    return this.#engine.events.on(type, listener as (payload: ClientEvents[K]) => void);
  }

  get state(): ConnectionState {
    return this.#engine.connection.state;
  }

  get health(): Health {
    return this.#engine.health;
  }

  /** The player of this client; undefined before the first session. */
  get player(): PlayerRef | undefined {
    const { vitals, session } = this.#engine;
    return vitals.welcome?.player ?? session.answer?.player;
  }

  /** The rooms that this client is in and whose state has arrived. */
  get rooms(): Room<Type>[] {
    return this.#engine.games.rooms as Room<Type>[];
  }

  /** The room with a code; undefined if this client is not in it, or its state has not arrived yet. */
  room(code: string): Room<Type> | undefined {
    return this.#engine.games.room(code) as Room<Type> | undefined;
  }

  /** Milliseconds since the Unix epoch by the server's clock, which decides when a game ends. */
  serverNow(): number {
    return this.#engine.vitals.serverNow();
  }

  /**
   * Connects and keeps connected. Resolves with the server's welcome, however many attempts it takes; rejects with
   * `closed` when the client is closed first. A new name takes effect with a new socket.
   */
  connect(options: { readonly name?: string } = {}): Promise<Welcome> {
    return this.#engine.connect(options.name);
  }

  /** Connects without waiting for the back-off, or supersedes the socket that superseded this one. */
  reconnect(): Promise<Welcome> {
    return this.connect();
  }

  /**
   * Checks the connection, for example after a change of network. A connection that does not answer within seconds is
   * replaced, and a wait for the next attempt ends. A browser client calls this itself.
   */
  probe(): void {
    this.#engine.connection.probe();
  }

  /** Ends the connection and rejects waiting requests. `connect` brings the games back. */
  close(): void {
    this.#engine.connection.close();
  }

  /**
   * Ends the session: every socket of the player is closed, and the token cannot open another. The next `connect` makes
   * a new guest. Rejects when the server did not answer; the client is closed in this case too.
   */
  logout(): Promise<void> {
    return this.#engine.logout();
  }

  /**
   * Makes a room; settings that are left out have the defaults of the room type. Resolves when the state has arrived.
   */
  create<Other extends AnyRoomType>(type: Other, settings?: Partial<SettingsOf<Other>>): Promise<Room<Other>>;
  create(settings?: Partial<SettingsOf<Type>>): Promise<Room<Type>>;
  create(first: object = {}, settings: object = {}): Promise<Room> {
    if (isRoomType(first)) return this.#engine.rooms.enter({ type: 'create', ...settings }, first);
    return this.#engine.rooms.enter({ type: 'create', ...first }, undefined);
  }

  /**
   * Joins the room with a code, or comes back to it. A client without a room type may name it here, as in `join(grid,
   * code)`.
   */
  join<Other extends AnyRoomType>(type: Other, code: string): Promise<Room<Other>>;
  join(code: string): Promise<Room<Type>>;
  join(...names: [string] | [AnyRoomType, string]): Promise<Room> {
    return this.#follow('join', names);
  }

  /** Joins a room that waits for players and has these settings, or makes one. */
  match<Other extends AnyRoomType>(type: Other, settings?: Partial<SettingsOf<Other>>): Promise<Room<Other>>;
  match(settings?: Partial<SettingsOf<Type>>): Promise<Room<Type>>;
  match(first: object = {}, settings: object = {}): Promise<Room> {
    if (isRoomType(first)) return this.#engine.rooms.enter({ type: 'match', ...settings }, first);
    return this.#engine.rooms.enter({ type: 'match', ...first }, undefined);
  }

  /** Watches a room: its events come, but commands are refused. */
  watch<Other extends AnyRoomType>(type: Other, code: string): Promise<Room<Other>>;
  watch(code: string): Promise<Room<Type>>;
  watch(...names: [string] | [AnyRoomType, string]): Promise<Room> {
    return this.#follow('watch', names);
  }

  /** `room.send()` by the code of a room, for a program that does not follow its state. */
  send(code: string, command: CommandOf<Type>): Promise<Ack> {
    return this.#engine.rooms.send(code, command);
  }

  /** `room.leave()` by the code of a room, even if its state has not arrived yet. */
  leave(code: string): Promise<void> {
    return this.#engine.rooms.leave(code);
  }

  /** Publishes in a channel that the client is subscribed to; resolves with the message's place in its history. */
  publish<Channel extends ChannelOf<Type>>(channel: Channel, data: DataOf<Type, Channel>): Promise<Ack> {
    return this.#engine.requests.send({ type: 'publish', channel, data });
  }

  /** Listens to a channel's messages and presence, on this and every later connection. Its history comes first. */
  subscribe(channel: ChannelOf<Type>): Promise<Ack> {
    const { channels, requests } = this.#engine;
    const { position } = channels.open(channel);
    return requests.send(
      { type: 'subscribe', ...position },
      () => channels.confirm(channel),
      () => channels.refuse(channel),
    );
  }

  async unsubscribe(channel: ChannelOf<Type>): Promise<void> {
    const { channels, requests } = this.#engine;
    channels.forget(channel);
    try {
      await requests.send({ type: 'unsubscribe', channel });
    } catch (error) {
      if (!(error instanceof GridlockError && error.code === 'not_subscribed')) throw error;
    }
  }

  #follow(way: 'join' | 'watch', names: [string] | [AnyRoomType, string]): Promise<Room> {
    const [type, game] = names.length === 1 ? [undefined, names[0]] : names;
    return this.#engine.rooms.enter({ type: way, game }, type);
  }
}
