import { type AnyRoomType, LIMITS, type ServerMessageOf } from '../protocol/index.ts';
import { GridlockError } from './errors.ts';
import { GameProjection, type GameView, type Progress } from './game-projection.ts';
import type { Ack } from './outbox.ts';
import type { Context } from './requests.ts';
import { Room, type RoomHost } from './room.ts';

interface Waiter {
  resolve(room: Room): void;
  reject(error: GridlockError): void;
}

interface SavedGame {
  readonly game: string;
  readonly epoch?: string | undefined;
  readonly watching?: boolean | undefined;
}

const LEFT_EARLY = 'The room was left before its state came.';

/** The most left rooms to remember: messages about them may still arrive. */
const MOST_LEFT = 64;

/** The games of the player, each kept complete: missing events are requested, never guessed. */
export class Games {
  readonly #context: Context;
  readonly #host: () => RoomHost;
  readonly #type: AnyRoomType | undefined;
  readonly #projections = new Map<string, GameProjection>();
  /** Only rooms whose state is known. */
  readonly #rooms = new Map<string, Room>();
  /** Callers that wait for the state of a game that they entered. */
  readonly #waiters = new Map<string, Waiter[]>();
  /** Games that were left: later messages about them are ignored. */
  readonly #left = new Set<string>();

  constructor(context: Context, host: () => RoomHost, type: AnyRoomType | undefined, saved: readonly SavedGame[]) {
    this.#context = context;
    this.#host = host;
    this.#type = type;
    for (const { game, epoch, watching } of saved) {
      const projection = new GameProjection(game, type, epoch);
      projection.isWatching = watching ?? false;
      this.#projections.set(game, projection);
    }
  }

  get rooms(): Room[] {
    return [...this.#rooms.values()];
  }

  get saved(): { game: string; epoch?: string; watching?: boolean }[] {
    const latest = [...this.#projections.values()].slice(-LIMITS.gamesPerConnection);
    return latest.map(({ game, epoch, isWatching }) => ({
      game,
      ...(epoch === undefined ? {} : { epoch }),
      ...(isWatching ? { watching: true } : {}),
    }));
  }

  room(game: string): Room | undefined {
    return this.#rooms.get(game);
  }

  view(game: string): GameView | undefined {
    return this.#projections.get(game)?.view;
  }

  typeOf(game: string): AnyRoomType | undefined {
    return this.#projections.get(game)?.type;
  }

  /** The server has given the player a seat, or lets it watch. Resolves with the snapshot, which follows. */
  enter(
    game: string,
    epoch: string | undefined,
    { isWatching, type = this.#type }: { readonly isWatching: boolean; readonly type: AnyRoomType | undefined },
  ): Promise<Room> {
    this.#left.delete(game);
    const projection = this.#projections.get(game) ?? this.#track(game);
    projection.isWatching = isWatching;
    if (type) projection.adoptType(type);
    projection.adoptEpoch(epoch);
    this.#context.save();
    const room = projection.view && this.#rooms.get(game);
    if (room) return Promise.resolve(room);
    return new Promise((resolve, reject) => {
      this.#waiters.set(game, [...(this.#waiters.get(game) ?? []), { resolve, reject }]);
    });
  }

  /** The prediction of a game has changed. */
  changed(game: string): void {
    this.#projections.get(game)?.events.emit('change', undefined);
  }

  /** The client is closed, so the promises of callers that wait for a state reject. */
  refuseWaiting(error: GridlockError): void {
    for (const game of [...this.#waiters.keys()]) this.#refuse(game, error);
  }

  /** A seat is about to be requested. */
  expect(game: string): void {
    this.#left.delete(game);
  }

  forget(game: string): void {
    this.#left.add(game);
    if (this.#left.size > MOST_LEFT) this.#left.delete(this.#left.values().next().value!);
    if (this.#drop(game, new GridlockError('not_a_player', LEFT_EARLY, { game }))) this.#context.save();
  }

  /** The player has changed, so all games are dropped. */
  clear(): void {
    for (const game of [...this.#projections.keys()]) {
      this.#drop(game, new GridlockError('closed', 'The session has ended.', { game }));
    }
  }

  forgetCompleted(game: string): boolean {
    const completed = this.#projections.get(game)?.completed ?? false;
    if (completed) this.forget(game);
    return completed;
  }

  /** Requests missed events, game by game. Returns how many times `done` will be called. */
  restore(done: () => void): number {
    // A completed game has no further events, unless this client missed its end.
    const open = [...this.#projections.values()].filter((projection) => !projection.completed);
    for (const projection of open) this.#resume(projection, done);
    return open.length;
  }

  cut(): void {
    for (const projection of this.#projections.values()) projection.cut();
  }

  onEvent(message: ServerMessageOf<'event'>): void {
    if (this.#left.has(message.game)) return;
    const projection = this.#projections.get(message.game) ?? this.#track(message.game);
    this.#publish(projection, projection.apply(message));
  }

  onSnapshot(message: ServerMessageOf<'snapshot'>): void {
    if (this.#left.has(message.game)) return;
    const projection = this.#projections.get(message.game) ?? this.#track(message.game);
    const { epoch } = projection;
    const progress = projection.replace(message);
    if (epoch !== projection.epoch) this.#context.save();
    this.#publish(projection, progress);
  }

  onWatchers({ game, count }: ServerMessageOf<'watchers'>): void {
    const projection = this.#projections.get(game);
    if (!projection) return;
    projection.watchers = count;
    projection.events.emit('watchers', { count });
  }

  #track(game: string): GameProjection {
    const projection = new GameProjection(game, this.#type);
    this.#projections.set(game, projection);
    return projection;
  }

  #publish(projection: GameProjection, { changes, gap, error }: Progress): void {
    const { events, outbox } = this.#context;
    const { game } = projection;
    if (changes.length > 0) {
      this.#context.follow(game);
      this.#introduce(projection);
      for (const change of changes) {
        if ('event' in change) projection.events.emit('event', change);
        else projection.events.emit('snapshot', change);
      }
      projection.events.emit('change', undefined);
    }
    this.#tellRecovered(projection);
    if (error) {
      const problem = new GridlockError('protocol_error', error.message, { game });
      events.emit('error', problem);
      if (!projection.view) this.#refuse(game, problem);
    }
    // While a seat is being taken, a snapshot is on its way.
    const seating = projection.view === undefined && outbox.has(['create', 'join', 'match', 'watch']);
    if (gap && !projection.resuming && !seating) this.#resume(projection);
  }

  /** The state of a game is known: callers that wait for it, and listeners to new rooms, get the room. */
  #introduce(projection: GameProjection): void {
    const { game, view } = projection;
    if (!view) return;
    const known = this.#rooms.get(game);
    const room = known ?? new Room(this.#host(), projection);
    this.#rooms.set(game, room);
    if (!known) this.#context.events.emit('room', room);
    const waiters = this.#waiters.get(game) ?? [];
    this.#waiters.delete(game);
    for (const waiter of waiters) waiter.resolve(room);
  }

  #refuse(game: string, error: GridlockError): void {
    const waiters = this.#waiters.get(game) ?? [];
    this.#waiters.delete(game);
    for (const waiter of waiters) waiter.reject(error);
  }

  #drop(game: string, reason: GridlockError): boolean {
    const isKnown = this.#projections.delete(game);
    this.#rooms.delete(game);
    this.#refuse(game, reason);
    if (isKnown) this.#context.follow(game);
    return isKnown;
  }

  #resume(projection: GameProjection, done?: () => void): void {
    const { outbox, nextId } = this.#context;
    projection.resuming = true;
    const type = projection.isWatching ? 'watch' : 'resume';
    outbox.add({ type, id: nextId(), ...projection.position }, 'connection', {
      onAck: (ack) => {
        this.#resumed(projection, ack);
        done?.();
      },
      onError: (error) => {
        this.#notResumed(projection, error);
        done?.();
      },
    });
  }

  #resumed(projection: GameProjection, ack: Ack): void {
    projection.resuming = false;
    // Otherwise a snapshot follows, and says so itself.
    if (ack.recovered === false) return;
    projection.recovering(ack.seq ?? projection.position.seq);
    this.#tellRecovered(projection);
  }

  #notResumed(projection: GameProjection, error: GridlockError): void {
    projection.resuming = false;
    // A superseded socket is about to be closed, and may be taken over again.
    if (error.code === 'connection_lost' || error.code === 'closed' || error.code === 'superseded') return;
    this.#context.events.emit('error', error);
    // The game ended long ago, or the player is no longer in it: there is nothing to restore.
    if (!error.final) this.#context.unrestored(error.message);
    else if (this.#projections.get(projection.game) === projection && this.#drop(projection.game, error))
      this.#context.save();
  }

  #tellRecovered(projection: GameProjection): void {
    const taken = projection.takeRecovered();
    const { view } = projection;
    if (taken && view) projection.events.emit('recovered', { epoch: view.epoch, seq: view.seq });
  }
}
