import { newEpoch } from '../../history/history-store.ts';
import { type Hold, type Journal, recorded } from './journal.ts';
import { ELSEWHERE, type GameCommand, type Memory, type Outcome, plan } from './plan.ts';

/** Commands decided in one go at most. */
const BATCH = 64;
/** Plans in a row that Redis may turn down before this copy is given up. */
const ATTEMPTS = 8;

export interface HeldGameOptions {
  readonly game: string;
  readonly hold: Hold;
  readonly memory: Memory | undefined;
  readonly journal: Journal;
  /** Milliseconds by Redis's clock. */
  readonly now: () => number;
  readonly onBatch: (commands: number) => void;
  /** This copy is not to be used any longer. */
  readonly onLost: (held: HeldGame) => void;
}

interface Waiting {
  readonly command: GameCommand;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A game in the memory of its owner. Commands that come while the record of the ones before is under way are decided
 * and recorded together; nothing counts, and nothing is answered, before it is recorded.
 */
export class HeldGame {
  readonly game: string;
  readonly hold: Hold;
  usedAt = performance.now();
  readonly #options: HeldGameOptions;
  #memory: Memory;
  #queue: Waiting[] = [];
  #running: Promise<void> | undefined;
  #lost = false;

  constructor(options: HeldGameOptions) {
    const { game, hold, memory } = options;
    this.game = game;
    this.hold = hold;
    this.#options = options;
    this.#memory = memory ?? { epoch: newEpoch(), seq: 0, state: undefined, joins: 0, answers: new Map() };
  }

  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /** Gives `elsewhere` when this copy turned out to be outdated; rejects when the store did not answer. */
  submit(command: GameCommand): Promise<Outcome> {
    this.usedAt = performance.now();
    if (this.#lost) return Promise.resolve(ELSEWHERE);
    return new Promise((resolve, reject) => {
      this.#queue.push({ command, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is under way; from then on every command is for somebody else. */
  async retire(): Promise<void> {
    await this.#running;
    this.#lose();
  }

  async #run(): Promise<void> {
    // What else came in this turn goes along.
    await undefined;
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, BATCH);
      try {
        const outcomes = this.#lost ? undefined : await this.#record(batch.map(({ command }) => command));
        if (outcomes) this.#options.onBatch(batch.length);
        else this.#lose();
        batch.forEach(({ resolve }, index) => resolve(outcomes?.[index] ?? ELSEWHERE));
      } catch (error) {
        // Whether it was recorded is unknown, and so is what is in the game now.
        this.#lose();
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = undefined;
    // There is no such game: nothing is held.
    if (!this.#memory.state) this.#lose();
  }

  /** The outcomes, once recorded; undefined when this copy is outdated. */
  async #record(commands: readonly GameCommand[]): Promise<readonly Outcome[] | undefined> {
    const { game, journal, now } = this.#options;
    const superseded = new Set<number>();
    let at = now();
    let isFull = false;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const planned = plan(this.#memory, commands, at, superseded, isFull);
      // Even if there is nothing to record: a refusal, too, is worth only what the memory is that it comes from.
      const written = await journal.write(game, this.hold, this.#memory, planned);
      switch (written.tag) {
        case 'ok':
          this.#memory = recorded(this.#memory, planned, written.at);
          return planned.outcomes;
        case 'superseded':
          superseded.add(planned.actors[written.actor]!.command);
          break;
        case 'full':
          isFull = true;
          break;
        case 'time':
          ({ at } = written);
          break;
        default:
          return undefined;
      }
    }
    return undefined;
  }

  #lose(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#options.onLost(this);
  }
}
