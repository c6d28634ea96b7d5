import { LIMITS, type ServerMessageOf } from '../protocol/index.ts';
import type { Context } from './context.ts';
import { GridlockError } from './errors.ts';
import type { GameView } from './events.ts';
import { GameLog, type Progress } from './game-log.ts';
import type { Ack } from './outbox.ts';

interface SavedGame {
  readonly game: string;
  readonly epoch?: string | undefined;
  readonly watching?: boolean | undefined;
}

/** The games the player is in, each kept complete: a hole in its history is asked for, never guessed. */
export class Games {
  readonly #context: Context;
  readonly #logs = new Map<string, GameLog>();
  /** What the server still sends about these is not wanted. */
  readonly #left = new Set<string>();
  readonly #watched = new Set<string>();

  constructor(context: Context, saved: readonly SavedGame[]) {
    this.#context = context;
    for (const { game, epoch, watching } of saved) {
      this.#logs.set(game, new GameLog(game, epoch));
      if (watching) this.#watched.add(game);
    }
  }

  get views(): GameView[] {
    return [...this.#logs.values()].flatMap((log) => log.view ?? []);
  }

  get saved(): { game: string; epoch?: string; watching?: boolean }[] {
    const latest = [...this.#logs.values()].slice(-LIMITS.gamesPerConnection);
    return latest.map(({ game, epoch }) => ({
      game,
      ...(epoch === undefined ? {} : { epoch }),
      ...(this.#watched.has(game) ? { watching: true } : {}),
    }));
  }

  view(game: string): GameView | undefined {
    return this.#logs.get(game)?.view;
  }

  isWatching(game: string): boolean {
    return this.#watched.has(game);
  }

  /** The server has given the player a seat, or lets it watch; a snapshot follows. */
  enter(game: string, epoch: string | undefined, watching = false): void {
    this.#left.delete(game);
    if (watching) this.#watched.add(game);
    else this.#watched.delete(game);
    const log = this.#logs.get(game) ?? this.#track(game);
    log.adoptEpoch(epoch);
    this.#context.save();
  }

  /** A seat is about to be asked for. */
  expect(game: string): void {
    this.#left.delete(game);
  }

  forget(game: string): void {
    this.#left.add(game);
    this.#watched.delete(game);
    if (this.#logs.delete(game)) this.#context.save();
  }

  /** All of them were somebody else's. */
  clear(): void {
    this.#logs.clear();
    this.#watched.clear();
  }

  forgetCompleted(game: string): boolean {
    const completed = this.#logs.get(game)?.completed ?? false;
    if (completed) this.forget(game);
    return completed;
  }

  /** Asks for what was missed, game by game; returns how many times `done` will be called. */
  restore(done: () => void): number {
    // A completed game has no more events, unless this client does not know how it ended.
    const open = [...this.#logs.values()].filter((log) => !log.completed);
    for (const log of open) this.#resume(log, done);
    return open.length;
  }

  cut(): void {
    for (const log of this.#logs.values()) log.cut();
  }

  onEvent(message: ServerMessageOf<'event'>): void {
    if (this.#left.has(message.game)) return;
    const log = this.#logs.get(message.game) ?? this.#track(message.game);
    this.#publish(log, log.apply(message));
  }

  onSnapshot(message: ServerMessageOf<'snapshot'>): void {
    if (this.#left.has(message.game)) return;
    const log = this.#logs.get(message.game) ?? this.#track(message.game);
    const { epoch } = log;
    const { game, seq, state } = message;
    const progress = log.replace(message);
    if (epoch !== log.epoch) this.#context.save();
    const recovered = message.recovered !== false;
    this.#context.events.emit('snapshot', { game, epoch: message.epoch, seq, state, recovered });
    this.#publish(log, progress);
  }

  #track(game: string): GameLog {
    const log = new GameLog(game);
    this.#logs.set(game, log);
    return log;
  }

  #publish(log: GameLog, { changes, gap, error }: Progress): void {
    const { events, outbox } = this.#context;
    for (const change of changes) events.emit('game', change);
    this.#tellRecovered(log);
    if (error) events.emit('error', new GridlockError('protocol_error', error.message, { game: log.game }));
    // While a seat is being taken, a snapshot is on its way.
    const seating = log.view === undefined && outbox.has(['create', 'join', 'match', 'watch']);
    if (gap && !log.resuming && !seating) this.#resume(log);
  }

  #resume(log: GameLog, done?: () => void): void {
    const { outbox, nextId } = this.#context;
    log.resuming = true;
    const type = this.#watched.has(log.game) ? 'watch' : 'resume';
    outbox.add({ type, id: nextId(), ...log.position }, 'connection', {
      onAck: (ack) => {
        this.#resumed(log, ack);
        done?.();
      },
      onError: (error) => {
        this.#notResumed(log, error);
        done?.();
      },
    });
  }

  #resumed(log: GameLog, ack: Ack): void {
    log.resuming = false;
    // Otherwise a snapshot follows, and says so itself.
    if (ack.recovered === false) return;
    log.recovering(ack.seq ?? log.position.seq);
    this.#tellRecovered(log);
  }

  #notResumed(log: GameLog, error: GridlockError): void {
    log.resuming = false;
    // A superseded socket is about to be closed, and may be taken over again.
    if (error.code === 'connection_lost' || error.code === 'closed' || error.code === 'superseded') return;
    this.#context.events.emit('error', error);
    // Ended long ago, or no longer the player's: nothing is left to be restored.
    if (!error.final) this.#context.unrestored(error.message);
    else if (this.#logs.get(log.game) === log && this.#logs.delete(log.game)) this.#context.save();
  }

  #tellRecovered(log: GameLog): void {
    const taken = log.takeRecovered();
    const { view } = log;
    if (taken && view) this.#context.events.emit('recovered', { game: view.game, epoch: view.epoch, seq: view.seq });
  }
}
