import type { SharedRates } from './shared-rates.ts';

export interface LookupGuardOptions {
  /** Room codes that lead nowhere: how many an address may try in a minute, and at once. */
  readonly missesPerMinute: number;
  readonly rates: Pick<SharedRates, 'miss'>;
  /** Milliseconds by a clock that never goes back. */
  readonly now?: () => number;
}

/** One attempt to reach a room by its code. Exactly one of the two is called when it is known where the code leads. */
export interface Lookup {
  found(): void;
  missed(): void;
}

interface Suspicion {
  left: number;
  at: number;
  blockedUntil: number;
}

const SWEEP_MS = 30_000;

/**
 * Protects room codes from guessing: an address whose codes lead nowhere too often has to wait. Until an address has
 * used half of its allowed misses, codes are counted when they miss. After that each one is counted before the look-up
 * and given back when it was right, so that many sockets at once gain nothing.
 */
export class LookupGuard {
  readonly #options: LookupGuardOptions;
  readonly #now: () => number;
  readonly #addresses = new Map<string, Suspicion>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: LookupGuardOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  /** A look-up that may begin, or the milliseconds to wait. */
  begin(address: string): Lookup | number {
    const { missesPerMinute } = this.#options;
    const known = this.#refilled(address);
    const wait = Math.max(known.blockedUntil - this.#now(), 0);
    if (wait > 0) return Math.ceil(wait);
    if (known.left < 1) return Math.ceil(((1 - known.left) / missesPerMinute) * 60_000);
    const isCharged = known.left < missesPerMinute / 2;
    if (isCharged) known.left -= 1;
    return {
      found: () => {
        if (isCharged) known.left += 1;
      },
      missed: () => {
        if (!isCharged) known.left -= 1;
        void this.#tellOthers(address);
      },
    };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Other replicas count the misses of this address, too. Without Redis each counts for itself. */
  async #tellOthers(address: string): Promise<void> {
    const wait = await this.#options.rates.miss(address).catch(() => 0);
    if (wait > 0) this.#refilled(address).blockedUntil = this.#now() + wait;
  }

  #refilled(address: string): Suspicion {
    const { missesPerMinute } = this.#options;
    const now = this.#now();
    let known = this.#addresses.get(address);
    if (!known) this.#addresses.set(address, (known = { left: missesPerMinute, at: now, blockedUntil: 0 }));
    known.left = Math.min(missesPerMinute, known.left + ((now - known.at) / 60_000) * missesPerMinute);
    known.at = now;
    return known;
  }

  #sweep(): void {
    for (const address of this.#addresses.keys()) {
      const { left, blockedUntil } = this.#refilled(address);
      if (left >= this.#options.missesPerMinute && blockedUntil <= this.#now()) this.#addresses.delete(address);
    }
  }
}
