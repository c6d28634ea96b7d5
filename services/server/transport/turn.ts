/** The work at the end of a turn of the event loop, in this order. */
const PHASES = ['decisions', 'commands', 'frames'] as const;

export type Phase = (typeof PHASES)[number];

/**
 * The end of a turn of the event loop: once everything that came in has been read, what follows from it is done together.
 * The busier a process is, the more arrives during a turn, and the more the next turn does at once. Nothing waits while
 * there is time.
 */
export class Turn {
  readonly #due: Record<Phase, (() => void)[]> = { decisions: [], commands: [], frames: [] };
  #isEnding = false;
  readonly #end = (): void => {
    try {
      for (const phase of PHASES) {
        const tasks = this.#due[phase];
        if (tasks.length === 0) continue;
        this.#due[phase] = [];
        for (const task of tasks) task();
      }
    } finally {
      this.#isEnding = PHASES.some((phase) => this.#due[phase].length > 0);
      if (this.#isEnding) setImmediate(this.#end);
    }
  };

  /** Runs a task once, at the end of this turn. A task added to a phase that is over runs at the end of the next turn. */
  atEnd(phase: Phase, task: () => void): void {
    this.#due[phase].push(task);
    if (this.#isEnding) return;
    this.#isEnding = true;
    setImmediate(this.#end);
  }
}

/** One for the process: it has one event loop. */
export const turn = new Turn();
