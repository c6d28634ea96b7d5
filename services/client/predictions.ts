import type { AnyCommand, AnyRoomType, PlayerRef } from '../protocol/index.ts';
import type { GameView } from './events.ts';
import type { Ack } from './outbox.ts';

/** A command of this client that shows before the server has granted it. */
export interface Prediction {
  readonly game: string;
  readonly command: AnyCommand;
  /** Where it was granted: it shows until the event of this place is here. */
  granted?: { readonly epoch: string | undefined; readonly seq: number };
}

export interface PredictionsOptions {
  readonly room: AnyRoomType | undefined;
  readonly view: (game: string) => GameView | undefined;
  readonly player: () => PlayerRef | undefined;
  /** Milliseconds since the Unix epoch by the server's clock. */
  readonly now: () => number;
  /** What a game would be has changed. */
  readonly onChange: (game: string) => void;
}

/**
 * What games would be if the server grants every command that waits for its answer. The server decides by the same
 * functions, so that nearly always it does; a refusal takes the command's effect back.
 */
export class Predictions {
  readonly #options: PredictionsOptions;
  readonly #pending = new Set<Prediction>();

  constructor(options: PredictionsOptions) {
    this.#options = options;
  }

  add(game: string, command: AnyCommand): Prediction {
    const prediction: Prediction = { game, command };
    this.#pending.add(prediction);
    if (this.#options.room) this.#options.onChange(game);
    return prediction;
  }

  grant(prediction: Prediction, { epoch, seq }: Ack): void {
    if (seq === undefined) return this.remove(prediction);
    prediction.granted = { epoch, seq };
    this.follow(prediction.game);
  }

  /** The command was refused, or nobody waits for it any more. */
  remove(prediction: Prediction): void {
    if (this.#pending.delete(prediction) && this.#options.room) this.#options.onChange(prediction.game);
  }

  /** A game has changed: what it shows by itself needs no prediction any more. */
  follow(game: string): void {
    const view = this.#options.view(game);
    let isChanged = false;
    for (const prediction of this.#pending) {
      if (prediction.game !== game || !prediction.granted) continue;
      const { epoch, seq } = prediction.granted;
      if (view && view.epoch === epoch && view.seq < seq) continue;
      this.#pending.delete(prediction);
      isChanged = true;
    }
    if (isChanged && this.#options.room) this.#options.onChange(game);
  }

  /** The state with the effect of all commands under way; undefined without a room type, or a state. */
  state(game: string): unknown {
    const { room, view, player, now } = this.#options;
    const truth = view(game);
    if (!room || !truth) return undefined;
    const context = { now: now(), player: player() };
    let { state } = truth;
    for (const { game: of, command } of this.#pending) {
      if (of !== game) continue;
      try {
        const { events, refusal } = room.decide(state, command, context);
        if (refusal === undefined) for (const event of events) state = room.evolve(state, event, context.now);
      } catch {
        // What the server makes of it will show.
      }
    }
    return state;
  }
}
