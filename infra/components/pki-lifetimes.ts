const DAY = 24;

/** Hours: how long a certificate is valid, and how long before its end its successor is made. */
export interface Lifetime {
  readonly duration: number;
  readonly renewBefore: number;
}

/** The chain's levels; leaves of both kinds are signed by the intermediate. */
export interface PkiLifetimes {
  readonly root: Lifetime;
  readonly intermediate: Lifetime;
  /** What the public sees: hot-swapped, so it may be short. */
  readonly edge: Lifetime;
  /** What the parts of the cluster show each other. */
  readonly internal: Lifetime;
}

/** cert-manager's own minimum. */
const SHORTEST_HOURS = 1;

/**
 * Throws a sentence unless `child.duration <= parent.renewBefore` on every level: whatever a parent signs
 * before its successor takes over then ends before the parent does, and no leaf has to be made anew because
 * of it.
 */
export function checkLifetimes(lifetimes: PkiLifetimes): PkiLifetimes {
  const pairs = [
    ['root', 'intermediate'],
    ['intermediate', 'edge'],
    ['intermediate', 'internal'],
  ] as const;
  for (const [level, { duration, renewBefore }] of Object.entries(lifetimes) as [string, Lifetime][]) {
    if (duration < SHORTEST_HOURS || renewBefore <= 0 || renewBefore >= duration) {
      throw new RangeError(
        `The ${level} certificate lives ${duration} h and is renewed ${renewBefore} h before its end: ` +
          `it has to live ${SHORTEST_HOURS} h or longer, and be renewed within that time.`,
      );
    }
  }
  for (const [parent, child] of pairs) {
    if (lifetimes[child].duration <= lifetimes[parent].renewBefore) continue;
    throw new RangeError(
      `The ${child} certificate lives ${lifetimes[child].duration} h, longer than the ` +
        `${lifetimes[parent].renewBefore} h before its end at which the ${parent} certificate is replaced: ` +
        'shorten the one, or replace the other earlier.',
    );
  }
  return Object.freeze(lifetimes);
}

/**
 * The one table. A root is never renewed by itself: `renewBefore` is when the next generation has to issue,
 * which an alert reminds of.
 */
export const pkiLifetimes = checkLifetimes({
  root: { duration: 3650 * DAY, renewBefore: 365 * DAY },
  intermediate: { duration: 90 * DAY, renewBefore: 30 * DAY },
  edge: { duration: 7 * DAY, renewBefore: 2 * DAY },
  internal: { duration: 30 * DAY, renewBefore: 10 * DAY },
});
