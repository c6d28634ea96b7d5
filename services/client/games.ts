import { type AnyRoomType, LIMITS, type ServerMessageOf } from '../protocol/index.ts';
import { GridlockError } from './errors.ts';
import type { GameView } from './events.ts';
import { GameProjection, type Progress } from './game-projection.ts';
import type { Ack } from './outbox.ts';
import type { Context } from './requests.ts';

interface SavedGame {
  readonly game: string;
  readonly epoch?: string | undefined;
  readonly watching?: boolean | undefined;
}

/** The games the player is in, each kept complete: a hole in its history is asked for, never guessed. */
export class Games {
  readonly #context: Context;
  readonly #room: AnyRoomType | undefined;
  readonly #projections = new Map<string, GameProjection>();
  /** What the server still sends about these is not wanted. */
  readonly #left = new Set<string>();
  readonly #watched = new Set<string>();

  constructor(context: Context, room: AnyRoomType | undefined, saved: readonly SavedGame[]) {
    this.#context = context;
    this.#room = room;
    for (const { game, epoch, watching } of saved) {
      this.#projections.set(game, new GameProjection(game, room, epoch));
      if (watching) this.#watched.add(game);
    }
  }

  get views(): GameView[] {
    return [...this.#projections.values()].flatMap((projection) => projection.view ?? []);
  }

  get saved(): { game: string; epoch?: string; watching?: boolean }[] {
    const latest = [...this.#projections.values()].slice(-LIMITS.gamesPerConnection);
    return latest.map(({ game, epoch }) => ({
      game,
      ...(epoch === undefined ? {} : { epoch }),
      ...(this.#watched.has(game) ? { watching: true } : {}),
    }));
  }

  view(game: string): GameView | undefined {
    return this.#projections.get(game)?.view;
  }

  isWatching(game: string): boolean {
    return this.#watched.has(game);
  }

  /** The server has given the player a seat, or lets it watch; a snapshot follows. */
  enter(game: string, epoch: string | undefined, watching = false): void {
    this.#left.delete(game);
    if (watching) this.#watched.add(game);
    else this.#watched.delete(game);
    const projection = this.#projections.get(game) ?? this.#track(game);
    projection.adoptEpoch(epoch);
    this.#context.save();
  }

  /** A seat is about to be asked for. */
  expect(game: string): void {
    this.#left.delete(game);
  }

  forget(game: string): void {
    this.#left.add(game);
    this.#watched.delete(game);
    if (this.#projections.delete(game)) this.#context.save();
  }

  /** All of them were somebody else's. */
  clear(): void {
    this.#projections.clear();
    this.#watched.clear();
  }

  forgetCompleted(game: string): boolean {
    const completed = this.#projections.get(game)?.completed ?? false;
    if (completed) this.forget(game);
    return completed;
  }

  /** Asks for what was missed, game by game; returns how many times `done` will be called. */
  restore(done: () => void): number {
    // A completed game has no more events, unless this client does not know how it ended.
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
    const { game, seq, state } = message;
    const progress = projection.replace(message);
    if (epoch !== projection.epoch) this.#context.save();
    const recovered = message.recovered !== false;
    this.#context.events.emit('snapshot', { game, epoch: message.epoch, seq, state, recovered });
    this.#publish(projection, progress);
  }

  #track(game: string): GameProjection {
    const projection = new GameProjection(game, this.#room);
    this.#projections.set(game, projection);
    return projection;
  }

  #publish(projection: GameProjection, { changes, gap, error }: Progress): void {
    const { events, outbox } = this.#context;
    for (const change of changes) events.emit('game', change);
    this.#tellRecovered(projection);
    if (error) events.emit('error', new GridlockError('protocol_error', error.message, { game: projection.game }));
    // While a seat is being taken, a snapshot is on its way.
    const seating = projection.view === undefined && outbox.has(['create', 'join', 'match', 'watch']);
    if (gap && !projection.resuming && !seating) this.#resume(projection);
  }

  #resume(projection: GameProjection, done?: () => void): void {
    const { outbox, nextId } = this.#context;
    projection.resuming = true;
    const type = this.#watched.has(projection.game) ? 'watch' : 'resume';
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
    // Ended long ago, or no longer the player's: nothing is left to be restored.
    if (!error.final) this.#context.unrestored(error.message);
    else if (this.#projections.get(projection.game) === projection && this.#projections.delete(projection.game))
      this.#context.save();
  }

  #tellRecovered(projection: GameProjection): void {
    const taken = projection.takeRecovered();
    const { view } = projection;
    if (taken && view) this.#context.events.emit('recovered', { game: view.game, epoch: view.epoch, seq: view.seq });
  }
}
