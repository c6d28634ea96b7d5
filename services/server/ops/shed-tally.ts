import type { Why } from '../cluster/shedding.ts';

const TEXT: Readonly<Record<Why, (sockets: string) => string>> = {
  mean: (sockets) => `sent ${sockets} to replicas with fewer`,
  probe: (sockets) => `sent ${sockets} to see where the edge sends their games now`,
  moved: (sockets) => `sent ${sockets} after a game that is held elsewhere now`,
};

/** It is over when nothing more was sent away for so long. */
const QUIET_MS = 5000;
/** Told at the latest after so long. */
const LONGEST_MS = 30_000;

interface Shed {
  count: number;
  readonly since: number;
  last: number;
}

/** Sums what is sent away second by second: to whoever looks it is one event. */
export class ShedTally {
  readonly #sheds = new Map<Why, Shed>();

  /** `now` in milliseconds of any clock, the same for both calls. */
  add(count: number, why: Why, now: number): void {
    const shed = this.#sheds.get(why);
    if (shed === undefined) this.#sheds.set(why, { count, since: now, last: now });
    else Object.assign(shed, { count: shed.count + count, last: now });
  }

  /** The sentences that are due, or with `all` every one; each once. */
  take(now: number, all = false): string[] {
    const due = [...this.#sheds].filter(
      ([, { since, last }]) => all || now - last >= QUIET_MS || now - since >= LONGEST_MS,
    );
    return due.map(([why, { count }]) => {
      this.#sheds.delete(why);
      return TEXT[why](count === 1 ? '1 socket' : `${count} sockets`);
    });
  }
}
