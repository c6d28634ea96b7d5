import type { Sheddable, Shedding } from './shedding.ts';

/**
 * The fewest sockets, and the part of the first number, that are sent away in a second, so that handshakes on the
 * others are spread.
 */
const FEWEST = 50;
const PART = 0.1;

export interface EvacuationOptions<Connection extends Sheddable> {
  readonly sockets: { readonly size: number; all(): Connection[] };
  readonly shedding: Pick<Shedding<Connection>, 'choose' | 'shed'>;
}

/**
 * Sends the sockets of this replica away when an operator asks. The replica stays, and the edge places each socket
 * again.
 */
export class Evacuation<Connection extends Sheddable> {
  readonly #options: EvacuationOptions<Connection>;
  #left = 0;
  #perSecond = 0;

  constructor(options: EvacuationOptions<Connection>) {
    this.#options = options;
  }

  /** Returns how many are sent away. */
  begin(): number {
    this.#left = this.#options.sockets.size;
    this.#perSecond = Math.max(FEWEST, Math.ceil(this.#left * PART));
    const begun = this.#left;
    this.tick();
    return begun;
  }

  /** To be called once a second. */
  tick(): void {
    if (this.#left === 0) return;
    const { sockets, shedding } = this.#options;
    const chosen = shedding.choose(sockets.all(), Math.min(this.#left, this.#perSecond));
    shedding.shed(chosen, 'asked');
    // The others stay, because they were sent away lately or wait for an answer.
    this.#left = chosen.length === 0 ? 0 : this.#left - chosen.length;
  }
}
