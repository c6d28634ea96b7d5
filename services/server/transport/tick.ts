/** How often the rate is taken. */
const WINDOW_MS = 100;
/** Waiting for less than this saves nothing. */
const LEAST_MS = 2;

export interface PaceOptions {
  /** Milliseconds to wait for each thousand a second that come. */
  readonly msPerThousand: number;
  readonly mostMs: number;
}

/**
 * How long to gather before a step whose price is the same for one and for many: the busier it is, the more is saved
 * by waiting, and the longer the wait. While little happens there is none.
 */
export class Pace {
  readonly #options: PaceOptions;
  #count = 0;
  #since: number;
  #perSecond = 0;

  constructor(options: PaceOptions, now = performance.now()) {
    this.#options = options;
    this.#since = now;
  }

  /** One more came. `now` in milliseconds by `performance.now()`. */
  count(now = performance.now()): void {
    this.#count += 1;
    const elapsed = now - this.#since;
    if (elapsed < WINDOW_MS) return;
    const perSecond = (this.#count * 1000) / elapsed;
    // After a pause what was before says nothing.
    this.#perSecond = elapsed > 10 * WINDOW_MS ? perSecond : (this.#perSecond + perSecond) / 2;
    [this.#count, this.#since] = [0, now];
  }

  /** Milliseconds to gather before the next step. */
  get waitMs(): number {
    const { msPerThousand, mostMs } = this.#options;
    const wait = Math.min(mostMs, (this.#perSecond / 1000) * msPerThousand);
    return wait < LEAST_MS ? 0 : wait;
  }
}

/** A move waits for a tick and a half: until it is read, and until its event is. */
const TICK: PaceOptions = { msPerThousand: 10, mostMs: 20 };

/** What is done at the end of a turn of the event loop, in this order. */
const PHASES = ['decisions', 'commands', 'frames'] as const;

export type Phase = (typeof PHASES)[number];

/**
 * The beat of a busy replica. A process that wakes up finds its caches cold, which costs more than what it wakes up for:
 * so the more messages a replica sends, the longer it lets come in what comes before it looks again, as a network card
 * does with its interrupts. Then all of it is read in one turn, and what follows from it leaves together at the end of
 * that turn. While there is little to do nothing waits.
 */
export class Tick {
  readonly #pace: Pace;
  readonly #sleep: (ms: number) => void;
  readonly #due: Record<Phase, (() => void)[]> = { decisions: [], commands: [], frames: [] };
  #isEnding = false;
  #isResting = false;
  /** Tasks for which nothing rests. */
  #awake = 0;
  /** When there first was something to do since the last rest, by `performance.now()`. */
  #busySince: number | undefined;

  constructor(options: PaceOptions = TICK, sleep: (ms: number) => void = sleepInPlace) {
    this.#pace = new Pace(options);
    this.#sleep = sleep;
  }

  /** One more message is to be sent. */
  count(): void {
    this.#pace.count();
  }

  /** Runs a task once, at the end of this turn; what a task adds to its own phase is for the next one. */
  atEnd(phase: Phase, task: () => void): void {
    this.#due[phase].push(task);
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#busySince ??= performance.now();
    setImmediate(() => this.#end());
  }

  /** Runs a task of several turns, between which there is no rest: somebody has waited long enough. */
  async awakeFor<Result>(task: () => Promise<Result>): Promise<Result> {
    this.#awake += 1;
    try {
      return await task();
    } finally {
      this.#awake -= 1;
    }
  }

  #end(): void {
    this.#isEnding = false;
    for (const phase of PHASES) {
      const tasks = this.#due[phase];
      this.#due[phase] = [];
      for (const task of tasks) task();
    }
    // Libraries send what they gathered at the end of the turn too: the rest is for the next one.
    if (this.#isResting) return;
    this.#isResting = true;
    setImmediate(() => this.#rest());
  }

  #rest(): void {
    this.#isResting = false;
    // Something came meanwhile: it is not kept waiting.
    if (this.#isEnding) return;
    const left = this.#pace.waitMs - (performance.now() - this.#busySince!);
    this.#busySince = undefined;
    if (left > 0 && this.#awake === 0) this.#sleep(left);
  }
}

const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Stops the whole thread, so that the event loop does not look for what came in. */
function sleepInPlace(ms: number): void {
  Atomics.wait(NEVER, 0, 0, ms);
}

/** One for the process: it has one event loop. */
export const tick = new Tick();
