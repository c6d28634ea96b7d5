import type { Journal } from './journal.ts';

const EVERY_MS = 1000;
/** Where nobody watches, as in a log, a line less often. */
const QUIET_EVERY_S = 10;

/** Tells how a run goes, from what the virtual users have told so far. */
export class Progress {
  /** Resolves when the players have begun. */
  readonly began: Promise<void>;
  readonly #journal: Journal;
  readonly #seconds: number;
  readonly #report: (line: string) => void;
  readonly #timer: NodeJS.Timeout;
  #begin: () => void = () => undefined;
  #lines = 0;

  constructor(journal: Journal, seconds: number, report: (line: string) => void) {
    this.#journal = journal;
    this.#seconds = seconds;
    this.#report = report;
    this.began = new Promise((resolve) => (this.#begin = resolve));
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { length } = this.#journal;
    if (length === 0) return;
    this.#begin();
    const second = Math.min(length, this.#seconds);
    if (second < this.#lines * QUIET_EVERY_S) return;
    this.#lines = Math.floor(second / QUIET_EVERY_S) + 1;
    const recent = this.#journal.curve('move', length - QUIET_EVERY_S);
    const p99 = recent.total === 0 ? 'none yet' : `p99 ${Math.round(recent.percentile(0.99))} ms`;
    this.#report(`${String(second).padStart(5)} of ${this.#seconds} s: ${this.#journal.openNow} sockets, moves ${p99}`);
  }
}
