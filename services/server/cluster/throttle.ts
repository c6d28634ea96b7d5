/**
 * Runs a task at most once per interval: the first call promptly, those that follow too soon together later.
 */
export class Throttle {
  readonly #task: () => void;
  readonly #interval: () => number;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `interval` in milliseconds, asked after each run. */
  constructor(task: () => void, interval: () => number) {
    this.#task = task;
    this.#interval = interval;
  }

  trigger(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#next = performance.now() + this.#interval();
        this.#task();
      },
      Math.max(0, this.#next - performance.now()),
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
