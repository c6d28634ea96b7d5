import type { AnyCommand, AnyRoomType, PlayerRef } from '../protocol/index.ts';
import type { GameView } from './game-projection.ts';
import type { Ack } from './outbox.ts';

/** A command of this client that shows before the server has granted it. */
export interface Prediction {
  readonly game: string;
  readonly command: AnyCommand;
  /** The place at which it was granted: it shows until the event of this place arrives. */
  granted?: { readonly epoch: string | undefined; readonly seq: number };
}

export interface PredictionsOptions {
  /** The rules of a game; undefined where the client has none, and predicts nothing. */
  readonly type: (game: string) => AnyRoomType | undefined;
  readonly view: (game: string) => GameView | undefined;
  readonly player: () => PlayerRef | undefined;
  /** Milliseconds since the Unix epoch by the server's clock. */
  readonly now: () => number;
  /** The prediction of a game has changed. */
  readonly onChange: (game: string) => void;
}

/**
 * The state of games if the server grants every waiting command. The server decides by the same functions, so it nearly
 * always does. A refusal takes the command's effect back.
 */
export class Predictions {
  readonly #options: PredictionsOptions;
  readonly #pending = new Set<Prediction>();
  /** The cached result of `state`: the same value until something changes. */
  readonly #states = new Map<string, unknown>();

  constructor(options: PredictionsOptions) {
    this.#options = options;
  }

  add(game: string, command: AnyCommand): Prediction {
    const prediction: Prediction = { game, command };
    this.#pending.add(prediction);
    this.#changed(game);
    return prediction;
  }

  grant(prediction: Prediction, { epoch, seq }: Ack): void {
    if (seq === undefined) return this.remove(prediction);
    prediction.granted = { epoch, seq };
    if (this.follow(prediction.game)) this.#changed(prediction.game);
  }

  /** The command was refused, or nobody waits for it any more. */
  remove(prediction: Prediction): void {
    if (this.#pending.delete(prediction)) this.#changed(prediction.game);
  }

  /** A game has changed: commands whose events have arrived need no prediction. Returns whether there were any. */
  follow(game: string): boolean {
    this.#states.delete(game);
    const view = this.#options.view(game);
    let isChanged = false;
    for (const prediction of this.#pending) {
      if (prediction.game !== game || !prediction.granted) continue;
      const { epoch, seq } = prediction.granted;
      if (view && view.epoch === epoch && view.seq < seq) continue;
      this.#pending.delete(prediction);
      isChanged = true;
    }
    return isChanged;
  }

  /** The state with the effect of all commands under way; undefined without a room type, or a state. */
  state(game: string): unknown {
    const type = this.#options.type(game);
    const truth = this.#options.view(game);
    if (!type || !truth) return undefined;
    if (!this.#states.has(game)) this.#states.set(game, this.#predict(type, truth));
    return this.#states.get(game);
  }

  #changed(game: string): void {
    this.#states.delete(game);
    if (this.#options.type(game)) this.#options.onChange(game);
  }

  #predict(type: AnyRoomType, { game, state: truth }: GameView): unknown {
    const context = { now: this.#options.now(), player: this.#options.player() };
    let state = truth;
    for (const { game: of, command } of this.#pending) {
      if (of !== game) continue;
      try {
        const { events, refusal } = type.decide(state, command, context);
        if (refusal === undefined) for (const event of events) state = type.evolve(state, event, context.now);
      } catch {
        // The command may not apply: the server's answer will show it.
      }
    }
    return state;
  }
}
