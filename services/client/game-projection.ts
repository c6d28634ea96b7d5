import * as v from 'valibot';
import type { AnyRoomType, ServerMessageOf } from '../protocol/index.ts';
import { Emitter } from './emitter.ts';
import type { RoomEvent, RoomEvents, RoomSnapshot } from './room-events.ts';

/** An epoch that no server has, which requests a snapshot. */
const NO_EPOCH = 'none';
/** The most early events to keep; any more are requested again. */
const AHEAD_LIMIT = 512;

/** A game at one place of its history. */
export interface GameView {
  readonly game: string;
  readonly epoch: string;
  readonly seq: number;
  readonly state: unknown;
}

export interface Progress {
  readonly changes: readonly (RoomEvent | RoomSnapshot)[];
  /** Events are missing: only a resume can tell which. */
  readonly gap: boolean;
  readonly error?: Error;
}

const NOTHING: Progress = { changes: [], gap: false };

/**
 * The local copy of a game: its events folded from the first, or from a snapshot. Without a room type the state is that
 * of the newest snapshot.
 */
export class GameProjection {
  readonly game: string;
  readonly events = new Emitter<RoomEvents>();
  /** Followed without a seat. */
  isWatching = false;
  watchers = 0;
  #type: AnyRoomType | undefined;
  /** A resume has been sent and not been answered. */
  resuming = false;
  #epoch: string | undefined;
  #seq = 0;
  #state: unknown;
  /** The last good view, from before a state turned out wrong. */
  #before: GameView | undefined;
  #isOver = false;
  #recoverTo: number | undefined;
  #replayedTo = 0;
  #ahead = new Map<number, ServerMessageOf<'event'>>();

  constructor(game: string, type: AnyRoomType | undefined, epoch?: string) {
    this.game = game;
    this.#type = type;
    this.#epoch = epoch;
  }

  get type(): AnyRoomType | undefined {
    return this.#type;
  }

  /** A state that this type did not fold is replaced by the next snapshot. */
  adoptType(type: AnyRoomType): void {
    if (type === this.#type) return;
    this.#type = type;
    this.#begin();
  }

  get epoch(): string | undefined {
    return this.#epoch;
  }

  get view(): GameView | undefined {
    if (this.#state === undefined || this.#epoch === undefined) return undefined;
    return { game: this.game, epoch: this.#epoch, seq: this.#seq, state: this.#state };
  }

  /** The current view, or the last good one while a snapshot is on its way. */
  get latest(): GameView | undefined {
    return this.view ?? this.#before;
  }

  /** No event can follow. */
  get completed(): boolean {
    if (this.#isOver) return true;
    return this.#type !== undefined && this.#state !== undefined && this.#type.isOver(this.#state);
  }

  /**
   * The place from which to request events. Without a room type events make no state, so the first state is a
   * snapshot's.
   */
  get position(): { game: string; epoch: string; seq: number } {
    const isFoldable = this.#type !== undefined || this.#state !== undefined;
    return { game: this.game, epoch: (isFoldable ? this.#epoch : undefined) ?? NO_EPOCH, seq: this.#seq };
  }

  /** The place that an `ack` gave for a game without a state so far. */
  adoptEpoch(epoch: string | undefined): void {
    this.#epoch ??= epoch;
  }

  /** The socket is gone, and with it every answer that was expected on it. */
  cut(): void {
    this.resuming = false;
    this.#recoverTo = undefined;
    this.#ahead.clear();
  }

  /** A resume was answered: the events up to `newestSeq` follow. */
  recovering(newestSeq: number): void {
    this.#recoverTo = newestSeq;
    this.#replayedTo = newestSeq;
  }

  /** True once after `recovering`, when all missing events have arrived. */
  takeRecovered(): boolean {
    if (this.#recoverTo === undefined || this.#seq < this.#recoverTo) return false;
    this.#recoverTo = undefined;
    return true;
  }

  apply(message: ServerMessageOf<'event'>): Progress {
    this.#epoch ??= message.epoch;
    if (message.epoch !== this.#epoch) return { changes: [], gap: true };
    if (message.seq <= this.#seq) return NOTHING;
    if (this.#ahead.size < AHEAD_LIMIT) this.#ahead.set(message.seq, message);
    return this.#advance();
  }

  replace(message: ServerMessageOf<'snapshot'>): Progress {
    const known = this.#state !== undefined && message.epoch === this.#epoch && message.seq <= this.#seq;
    if (known && message.recovered !== false) return this.#advance();
    if (message.epoch !== this.#epoch) {
      this.#ahead.clear();
      this.#replayedTo = 0;
    }
    if (this.#type && !v.is(this.#type.state, message.state)) {
      return { ...NOTHING, error: new Error('The snapshot does not match the room type.') };
    }
    this.#epoch = message.epoch;
    this.#seq = message.seq;
    this.#state = message.state;
    // The store may have lost the end of a room that was over.
    this.#isOver = false;
    this.#recoverTo = undefined;
    for (const seq of this.#ahead.keys()) if (seq <= message.seq) this.#ahead.delete(seq);
    const { epoch, seq, state } = message;
    const replaced = { epoch, seq, state, recovered: message.recovered !== false };
    const { changes, ...rest } = this.#advance();
    return { changes: [replaced, ...changes], ...rest };
  }

  /** Only a snapshot helps. */
  #begin(): void {
    this.#before = this.latest;
    this.#state = undefined;
    this.#seq = 0;
  }

  #advance(): Progress {
    const changes: RoomEvent[] = [];
    for (let next = this.#ahead.get(this.#seq + 1); next; next = this.#ahead.get(this.#seq + 1)) {
      try {
        this.#state = this.#evolve(next);
      } catch (error) {
        // The local state must be wrong: start from a snapshot.
        this.cut();
        this.#begin();
        this.#epoch = undefined;
        return { changes, gap: true, error: error as Error };
      }
      this.#seq = next.seq;
      this.#ahead.delete(next.seq);
      const { epoch, seq, event, at } = next;
      changes.push({ epoch, seq, event, at, state: this.#state, replayed: seq <= this.#replayedTo });
    }
    return { changes, gap: this.#ahead.size > 0 };
  }

  #evolve({ event, at, over }: ServerMessageOf<'event'>): unknown {
    if (over) this.#isOver = true;
    if (!this.#type) return this.#state;
    const { kind } = event;
    if (!v.is(this.#type.event, event)) throw new Error(`An event of kind "${kind}" does not match the room type.`);
    return this.#type.evolve(this.#state, event, at);
  }
}
