import type { Ability, Scenario } from '../scenarios/scenario.ts';
import { LoadProblem } from './problem.ts';
import type { Target } from './target.ts';

const DOES: Readonly<Record<Ability, { what: string; where: string }>> = {
  faults: { what: 'kills parts of the cluster', where: 'local, compose and kind' },
  rollOut: { what: 'replaces every replica', where: 'local, compose and kind' },
  rotate: { what: 'replaces the certificates of every level', where: 'local and kind' },
};

const can = (target: Target, ability: Ability): boolean =>
  ability === 'faults' ? Object.keys(target.faults).length > 0 : target[ability] !== undefined;

/** @throws LoadProblem when the scenario needs what cannot be done to this target from here */
export function requireAbility(name: string, { needs }: Pick<Scenario, 'needs'>, target: Target): void {
  if (needs === undefined || can(target, needs)) return;
  const { what, where } = DOES[needs];
  throw new LoadProblem(
    `${name} ${what}, which cannot be done to ${target.name} from here: --target ${where} allow it, ` +
      "and so does a cluster of the run's own, without --target.",
  );
}
