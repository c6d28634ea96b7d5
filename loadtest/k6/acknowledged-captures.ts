import type { GameState } from '../../services/apps/grid/grid.ts';

interface Promised {
  readonly game: string;
  readonly epoch: string;
  readonly seq: number;
  readonly cell: number;
}

/** A client's knowledge of a game: an event in its place, or a state that stands for all events before it. */
export interface Seen {
  readonly game: string;
  readonly epoch: string;
  readonly seq: number;
  /** The event in that place, which says who captured which cell; undefined when it is a state. */
  readonly captured?: { readonly player: string; readonly cell: number } | undefined;
  readonly state: Pick<GameState, 'players' | 'cells'>;
}

/** Checks the server's acknowledgements: each capture must be in its place in the game's history. */
export class AcknowledgedCaptures {
  readonly #promised = new Map<string, Promised>();
  /** Own captures that were delivered before they were acknowledged. */
  readonly #early = new Map<string, number>();
  #lost = 0;

  /** Acknowledged captures that are not in their acknowledged place. */
  get lost(): number {
    return this.#lost;
  }

  acknowledged(promise: Promised): void {
    const key = keyOf(promise);
    const cell = this.#early.get(key);
    if (cell === undefined) this.#promised.set(key, promise);
    else if (cell !== promise.cell) this.#lost++;
    this.#early.delete(key);
  }

  saw(player: string, seen: Seen, isEvent: boolean): void {
    const key = keyOf(seen);
    const promise = this.#promised.get(key);
    if (isEvent) {
      const own = seen.captured?.player === player ? seen.captured.cell : undefined;
      if (promise) {
        this.#promised.delete(key);
        if (own !== promise.cell) this.#lost++;
      } else if (own !== undefined) this.#early.set(key, own);
      return;
    }
    for (const [place, { game, epoch, seq, cell }] of this.#promised) {
      if (game !== seen.game || (epoch === seen.epoch && seq > seen.seq)) continue;
      this.#promised.delete(place);
      if (seen.state.players[seen.state.cells[cell] ?? -1]?.id !== player) this.#lost++;
    }
  }

  /** The game is over, so acknowledged captures that have not arrived are lost. Returns how many are lost by now. */
  close(game?: string): number {
    for (const [key, promise] of this.#promised) {
      if (game !== undefined && promise.game !== game) continue;
      this.#promised.delete(key);
      this.#lost++;
    }
    for (const key of this.#early.keys()) if (game === undefined || key.startsWith(game)) this.#early.delete(key);
    return this.#lost;
  }
}

const keyOf = ({ game, epoch, seq }: { game: string; epoch: string; seq: number }) => `${game} ${epoch} ${seq}`;
