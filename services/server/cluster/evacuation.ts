import type { Sheddable, Shedding } from './shedding.ts';

/** The least and the part of what there was that go in a second: the others get their handshakes over some seconds. */
const FEWEST = 50;
const PART = 0.1;

export interface EvacuationOptions<Connection extends Sheddable> {
  readonly sockets: { readonly size: number; all(): Connection[] };
  readonly shedding: Pick<Shedding<Connection>, 'choose' | 'shed'>;
}

/** Sends the sockets of this replica away as an operator asks, while the replica stays: the edge places each again. */
export class Evacuation<Connection extends Sheddable> {
  readonly #options: EvacuationOptions<Connection>;
  #left = 0;
  #perSecond = 0;

  constructor(options: EvacuationOptions<Connection>) {
    this.#options = options;
  }

  /** Gives how many are sent away. */
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
    // The others were sent away lately, or wait for an answer: they stay.
    this.#left = chosen.length === 0 ? 0 : this.#left - chosen.length;
  }
}
