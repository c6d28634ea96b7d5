/**
 * Runs tasks of the same key one after the other, in the order they came; those of different keys do not
 * wait.
 */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<void>>();

  /** Nothing runs or waits. */
  get isIdle(): boolean {
    return this.#tails.size === 0;
  }

  /** `task` must not reject. */
  run(key: string, task: () => Promise<void>): void {
    const before = this.#tails.get(key);
    const tail = (before ? before.then(task) : task()).then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    this.#tails.set(key, tail);
  }
}
