import * as v from 'valibot';
import type { AnyRoomType, ServerMessageOf } from '../protocol/index.ts';
import { Emitter } from './emitter.ts';
import type { RoomEvent, RoomEvents, RoomSnapshot } from './room-events.ts';

/** An epoch no server has: asks for a snapshot. */
const NO_EPOCH = 'none';
/** Events kept that came before the ones they follow; beyond it they are asked for again. */
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
 * One game as far as it is known here: the fold of its events from the first, or from a snapshot on. Without a room type
 * the state is that of the newest snapshot.
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
  /** What was known before a state that turned out wrong. */
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

  /** A state that was not folded by this type is taken from the next snapshot. */
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

  /** What is known, or was before it turned out wrong: a snapshot is on its way then. */
  get latest(): GameView | undefined {
    return this.view ?? this.#before;
  }

  /** Nothing can follow. */
  get completed(): boolean {
    if (this.#isOver) return true;
    return this.#type !== undefined && this.#state !== undefined && this.#type.isOver(this.#state);
  }

  /** From where to ask for events. Without a room type events make no state: the first one is that of a snapshot. */
  get position(): { game: string; epoch: string; seq: number } {
    const isFoldable = this.#type !== undefined || this.#state !== undefined;
    return { game: this.game, epoch: (isFoldable ? this.#epoch : undefined) ?? NO_EPOCH, seq: this.#seq };
  }

  /** What an `ack` said about a game that is not known otherwise yet. */
  adoptEpoch(epoch: string | undefined): void {
    this.#epoch ??= epoch;
  }

  /** The socket is gone, and with it whatever was promised on it. */
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

  /** True once after `recovering`, when all of the missing events are in. */
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
      return { ...NOTHING, error: new Error('A snapshot is not what the room type says.') };
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
        // What is known cannot be right: start from a snapshot.
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
    if (!v.is(this.#type.event, event)) throw new Error(`An event of kind "${kind}" is not what the room type says.`);
    return this.#type.evolve(this.#state, event, at);
  }
}
