import type { Pki } from '../config-keys-cluster.ts';

/** A root; its certificate and its ClusterIssuer have the same name. */
export interface PlannedRoot {
  readonly name: string;
  readonly generation: string;
}

/** The intermediate that signs the leaves; its certificate and its ClusterIssuer have the same name. */
export interface PlannedIntermediate {
  readonly name: string;
  /** Name of the root it is signed by. */
  readonly root: string;
}

/**
 * Which objects of the chain there are, by name. What is no longer planned is deleted after the rest is in
 * place.
 */
export interface PkiPlan {
  /** Accepted by clients, in the order they are listed in the trust bundle. */
  readonly roots: readonly PlannedRoot[];
  readonly intermediate: PlannedIntermediate;
  /** Changes whenever the leaves are to be made anew. */
  readonly leafSerial: string;
}

export const rootName = (generation: string): string => `gridlock-root-${generation}`;

/**
 * Plans the chain from the configuration. A rollover is three changes of it, one `up` each:
 *
 *     accept   generations [g1, g2], issuing g1   the root g2 appears and is trusted; it signs nothing yet
 *     issue    generations [g1, g2], issuing g2   intermediate and leaves come from g2; g1 is still trusted
 *     retire   generations [g2],     issuing g2   g1 is trusted no more, and goes with its key
 *
 * @throws RangeError, a sentence, when the issuing generation is not one of the accepted ones
 */
export function planPki({ generations, issuing, intermediate, leaf }: Pki): PkiPlan {
  if (!generations.includes(issuing)) {
    throw new RangeError(
      `The generation ${issuing} cannot issue, as only ${generations.join(', ')} are accepted: ` +
        'accept it first, and let it issue when every client knows its root.',
    );
  }
  return {
    roots: generations.map((generation) => ({ generation, name: rootName(generation) })),
    intermediate: { name: `gridlock-intermediate-${issuing}-${intermediate}`, root: rootName(issuing) },
    leafSerial: `${issuing}-${intermediate}-${leaf}`,
  };
}
