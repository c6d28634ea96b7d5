/** The generations of the certificate chain, and its rollover: accept -> issue -> retire. */
export interface Pki {
  /** Roots that clients accept. */
  readonly generations: readonly string[];
  /** The root that issues. */
  readonly issuing: string;
  /** Number of the intermediate of the issuing generation. */
  readonly intermediate: number;
  /** Number of the leaf; a higher one is a new leaf. */
  readonly leaf: number;
}

/** A chain that was never rotated. */
export const FIRST: Pki = { generations: ['g1'], issuing: 'g1', intermediate: 1, leaf: 1 };

/** A root; its certificate and its ClusterIssuer have the same name. */
export interface PlannedRoot {
  readonly name: string;
  readonly generation: string;
  /** It signs intermediates: without its key there are no new ones. */
  readonly issues: boolean;
}

/** The intermediate that signs the leaves; its certificate and its ClusterIssuer have the same name. */
export interface PlannedIntermediate {
  readonly name: string;
  /** Name of the root it is signed by. */
  readonly root: string;
  /** Generation and number, such as `g1-1`. */
  readonly number: string;
}

/**
 * The objects of the chain, by name within the scope of their cluster. An object that is no longer planned is deleted
 * after the others are in place.
 */
export interface PkiPlan {
  /** Accepted by clients, in the order they are listed in the trust bundle. */
  readonly roots: readonly PlannedRoot[];
  readonly intermediate: PlannedIntermediate;
  /** Changes whenever new leaves are to be issued. */
  readonly leafSerial: string;
}

const rootOf = (generation: string): string => `root-${generation}`;

/** Name of a root's Certificate, Secret and ClusterIssuer. */
export const rootName = (scope: string, generation: string): string => `${scope}-${rootOf(generation)}`;

/**
 * Plans the chain. A rollover is three changes of it, one `up` each:
 *
 *     accept   generations [g1, g2], issuing g1   the root g2 appears and is trusted; it signs nothing yet
 *     issue    generations [g1, g2], issuing g2   intermediate and leaves come from g2; g1 is still trusted
 *     retire   generations [g2],     issuing g2   g1 is no longer trusted, and is removed with its key
 *
 * @throws RangeError, a sentence, when the issuing generation is not one of the accepted ones
 */
export function planPki({ generations, issuing, intermediate, leaf }: Pki): PkiPlan {
  if (!generations.includes(issuing)) {
    throw new RangeError(
      `The generation ${issuing} cannot issue, because only ${generations.join(', ')} are accepted: ` +
        'accept it first, and let it issue when every client knows its root.',
    );
  }
  const number = `${issuing}-${intermediate}`;
  return {
    roots: generations.map((generation) => ({
      generation,
      name: rootOf(generation),
      issues: generation === issuing,
    })),
    intermediate: { name: `intermediate-${number}`, root: rootOf(issuing), number },
    leafSerial: `${number}-${leaf}`,
  };
}

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
  /** Seen by the public. It is replaced in the running edge, so its life may be short. */
  readonly edge: Lifetime;
  /** Seen only by the parts of the cluster. */
  readonly internal: Lifetime;
}

/** cert-manager's own minimum. */
const SHORTEST_HOURS = 1;

/**
 * Throws a sentence unless `child.duration <= parent.renewBefore` on every level: whatever a parent signs
 * before its successor takes over then ends before the parent does, and no leaf has to be issued again
 * because of it.
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
 * The one table. A root is never renewed by itself: `renewBefore` is when the next generation has to issue; an alert is
 * a reminder of it.
 */
export const pkiLifetimes = checkLifetimes({
  root: { duration: 3650 * DAY, renewBefore: 365 * DAY },
  intermediate: { duration: 90 * DAY, renewBefore: 30 * DAY },
  edge: { duration: 7 * DAY, renewBefore: 2 * DAY },
  internal: { duration: 30 * DAY, renewBefore: 10 * DAY },
});

/** Common name of the root of a generation. */
export const rootCommonName = (generation: string): string => `Gridlock root ${generation}`;
