import type { Clock } from '../clock.ts';

interface FakeTimer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Lets promises that are settled already run what waits for them. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Time that passes only when a test says so. */
export class FakeClock implements Clock {
  #now = 1_700_000_000_000;
  #order = 0;
  readonly #timers = new Set<FakeTimer>();

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, delayMs: number): FakeTimer {
    const timer = { at: this.#now + Math.max(0, Math.ceil(delayMs)), order: this.#order++, callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as FakeTimer);
  }

  /** Timers that have neither fired nor been cleared. */
  get running(): number {
    return this.#timers.size;
  }

  /** Lets time pass until the next timer has fired. */
  async advanceToNext(): Promise<void> {
    await settle();
    await this.advanceTo(this.#next()?.at ?? this.#now);
  }

  async advance(ms: number): Promise<void> {
    await this.advanceTo(this.#now + ms);
  }

  async advanceTo(end: number): Promise<void> {
    await settle();
    for (let next = this.#next(); next && next.at <= end; next = this.#next()) {
      this.#now = Math.max(this.#now, next.at);
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#now = end;
  }

  #next(): FakeTimer | undefined {
    let first: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    }
    return first;
  }
}
