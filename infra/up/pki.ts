// The steps of a rotation, on the stack's `pki`.

import type { Pki } from '../components/certificates/pki-plan.ts';
import { ConfigError } from '../config/config.ts';

export const STEPS = ['leaf', 'intermediate', 'root-accept', 'root-issue', 'root-retire'] as const;
export type Step = (typeof STEPS)[number];

const numberOf = (generation: string): number => Number(generation.slice(1));
const newestOf = ({ generations }: Pki): string => [...generations].sort((a, b) => numberOf(a) - numberOf(b)).at(-1)!;

/** Adds the next root to those that clients accept; it issues nothing yet. */
function accept(pki: Pki): Pki {
  const newest = newestOf(pki);
  if (newest !== pki.issuing) {
    throw new ConfigError(
      `${newest} is accepted already while ${pki.issuing} still issues: the next step is root-issue.`,
    );
  }
  if (pki.generations.length > 1) {
    const old = pki.generations.filter((generation) => generation !== pki.issuing).join(' and ');
    throw new ConfigError(
      `${old} is still accepted in addition to ${pki.issuing}, which issues: the step before another root is root-retire.`,
    );
  }
  return { ...pki, generations: [...pki.generations, `g${numberOf(newest) + 1}`] };
}

/** Makes the newest root issue. */
function issue(pki: Pki): Pki {
  const newest = newestOf(pki);
  if (newest === pki.issuing) {
    throw new ConfigError(
      `${newest} is the newest root and issues already: ` +
        (pki.generations.length > 1 ? 'the next step is root-retire.' : 'a new one begins with root-accept.'),
    );
  }
  return { ...pki, issuing: newest };
}

/** Drops the roots older than the one that issues. */
function retire(pki: Pki): Pki {
  const newest = newestOf(pki);
  if (newest !== pki.issuing) {
    throw new ConfigError(
      `${pki.issuing} still issues, so nothing can be retired: the step that makes ${newest} issue is root-issue.`,
    );
  }
  if (pki.generations.length === 1) {
    throw new ConfigError(`${newest} is the only root: there is nothing to retire.`);
  }
  return { ...pki, generations: [newest] };
}

const NEXT: { readonly [S in Step]: (pki: Pki) => Pki } = {
  leaf: (pki) => ({ ...pki, leaf: pki.leaf + 1 }),
  intermediate: (pki) => ({ ...pki, intermediate: pki.intermediate + 1 }),
  'root-accept': accept,
  'root-issue': issue,
  'root-retire': retire,
};

/**
 * The `pki` after a step.
 * @throws ConfigError when it is not the turn of the step
 */
export const rotated = (pki: Pki, step: Step): Pki => NEXT[step](pki);

/** Steps that give the edge a new certificate. */
export const CHANGES_LEAF: readonly Step[] = ['leaf', 'intermediate', 'root-issue'];

/** The next thing to do after each step. */
export const AFTER: { readonly [S in Step]: string } = {
  leaf: 'The new leaf is issued.',
  intermediate: 'The new intermediate signs; leaves of the old one stay valid until they expire.',
  'root-accept':
    'Clients inside the cluster accept both roots. Give the new root certificate to the others; ' +
    'when all have both, the next step is root-issue.',
  'root-issue':
    'The new root issues, and the old one is still accepted. When no client knows only the old root, and all of its ' +
    'certificates are replaced, the next step is root-retire.',
  'root-retire': 'Only the new root is accepted.',
};
