import { setTimeout as delay } from 'node:timers/promises';
import { Refusal } from '../authority/game-authority.ts';
import type { Sighting, Sightings } from './sightings.ts';

/** The key of the roll: the replicas, and the life in which each has reported what it saw. */
const ROLL = 'gridlock:{replicas}:roll';
const KEEP_SECONDS = 7 * 24 * 3600;
/** A replica that has not answered the roll for this long is gone. */
const SILENCE_MS = 10_000;
/** How long to wait for the others after this replica learns of a life. In this time all of them reconnect. */
const WAIT_MS = 1500;
const POLL_MS = 25;
/** Histories that one script compares: a millisecond or two in which Redis does nothing else. */
const MOST_TOGETHER = 500;

type Script = (keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown[]>;

export interface RollCallOptions {
  /** The name of this replica; no two that run have the same. */
  readonly replica: string;
  readonly sightings: Sightings;
  /** `lua/sight.lua` and `lua/sign.lua`, both after `lua/life.lua`. */
  readonly sight: Script;
  readonly sign: Script;
  readonly newEpoch: () => string;
  /** Called with a warning, as a sentence. */
  readonly onNotice: (sentence: string) => void;
}

/**
 * Calls the replicas when Redis begins another life: each reports how far it saw every history, and a history that lost
 * something goes on in a new epoch. Only when all have reported is it certain that the other histories are complete.
 */
export class RollCall {
  readonly #options: RollCallOptions;
  /** For each life, until when to wait for the others after this replica has reported what it saw. */
  readonly #told = new Map<string, Promise<number>>();
  readonly #complete = new Map<string, Promise<boolean>>();
  /** The replicas that answered in the life before, as far as is known here: Redis may have lost their names. */
  #present: string[] = [];

  constructor(options: RollCallOptions) {
    this.#options = options;
  }

  /** Reports once what this replica saw before a life. Until then it must not take part in the life. */
  enter(life: string): Promise<number> {
    return remember(this.#told, life, () => this.#tell(life));
  }

  /** Whether all replicas have reported. Waits for those that may be about to. */
  isComplete(life: string): Promise<boolean> {
    return remember(this.#complete, life, () => this.#wait(life));
  }

  /** Answers the roll and returns the replicas that have not reported yet. To be called every few seconds. */
  async sign(life: string, known: readonly string[] = []): Promise<string[]> {
    const { replica, sign } = this.#options;
    const args = [replica, SILENCE_MS, KEEP_SECONDS, ...known, serverOf(life)];
    const [tag, present, missing] = (await sign([ROLL], args)) as [string, string[], string[]];
    if (tag !== 'roll') throw new Refusal('unavailable', undefined, 1000);
    this.#present = present;
    return missing;
  }

  /** This replica leaves, so nobody has to wait for it. */
  async leave(): Promise<void> {
    const { replica, sign } = this.#options;
    await sign([ROLL], [replica, SILENCE_MS, KEEP_SECONDS, serverOf('-')]);
  }

  async #tell(life: string): Promise<number> {
    const { sightings, onNotice } = this.#options;
    const seen = sightings.all();
    let lost = 0;
    for (let first = 0; first < seen.length; first += MOST_TOGETHER) {
      lost += await this.#compare(life, seen.slice(first, first + MOST_TOGETHER));
    }
    if (lost > 0) {
      onNotice(
        `Redis lost the end of its log: ${lost} games and channels that were seen here go on in new epochs. Look at its disk.`,
      );
    }
    await this.sign(life, this.#present);
    return performance.now() + WAIT_MS;
  }

  async #compare(life: string, seen: readonly Sighting[]): Promise<number> {
    const { sight, newEpoch } = this.#options;
    const args = [newEpoch(), ...seen.flatMap(({ epoch, seq }) => [epoch, seq]), serverOf(life)];
    const [tag, lost] = await sight(
      seen.map(({ head }) => head),
      args,
    );
    if (tag !== 'seen') throw new Refusal('unavailable', undefined, 1000);
    return lost as number;
  }

  async #wait(life: string): Promise<boolean> {
    const until = await this.enter(life);
    for (;;) {
      const missing = await this.sign(life);
      if (missing.length === 0) return true;
      if (performance.now() > until) {
        this.#options.onNotice(
          `Redis was restarted, and ${missing.join(', ')} did not report what they saw: new epochs begin.`,
        );
        return false;
      }
      await delay(POLL_MS);
    }
  }
}

/** The values of the server that `life.lua` needs. */
const serverOf = (life: string) => `${life} - 0`;

/** Does something once for a life. If it fails or has no result, the next caller tries again. */
function remember<T>(known: Map<string, Promise<T>>, life: string, task: () => Promise<T>): Promise<T> {
  const before = known.get(life);
  if (before) return before;
  const begun = task();
  known.set(life, begun);
  begun.then(
    (result) => result || known.delete(life),
    () => known.delete(life),
  );
  return begun;
}
