import { existsSync } from 'node:fs';
import { UsageError } from '../../infra/usage-error.ts';
import type { Ability, Scenario } from '../scenarios/scenario.ts';
import { composeTarget } from './compose-target.ts';
import { kindTarget } from './kind-target.ts';
import { type OwnOptions, ownTarget, runningTarget } from './local-target.ts';
import type { Target } from './target.ts';

export interface TargetOptions extends OwnOptions {
  /** local, compose, kind, or an address; undefined for a separate cluster of the run. */
  readonly target: string | undefined;
  readonly stack: string;
  /** State directory for local and compose; undefined for the configured one. */
  readonly stateDir: string | undefined;
  /** File of the root to trust, for an address. */
  readonly ca: string | undefined;
}

/** Finds, or starts, the cluster to put under load. @throws UsageError when there is none */
export async function findTarget({ target, stack, stateDir, ca, ...own }: TargetOptions): Promise<Target> {
  if (target === undefined) return ownTarget(own);
  if (target === 'local') return runningTarget(stateDir);
  if (target === 'compose') return composeTarget(stateDir);
  if (target === 'kind') return kindTarget(stack);
  const url = target.replace(/^ws/, 'http');
  if (!URL.canParse(url) || !/^https:\/\//.test(url)) {
    throw new UsageError(
      `--target is ${JSON.stringify(target)}: local, compose, kind or an address such as wss://localhost:8443 is allowed.`,
    );
  }
  if (ca !== undefined && !existsSync(ca)) throw new UsageError(`The root certificate ${ca} of --ca does not exist.`);
  return {
    name: target,
    url: new URL(url).origin,
    trustFile: () => ca,
    processes: async () => ({}),
    faults: {},
    stop: async () => undefined,
  };
}

const DOES: Readonly<Record<Ability, { what: string; where: string }>> = {
  faults: { what: 'kills parts of the cluster', where: 'local, compose and kind' },
  rollOut: { what: 'replaces every replica', where: 'local, compose and kind' },
  rotate: { what: 'replaces the certificates of every level', where: 'local and kind' },
};

const can = (target: Target, ability: Ability): boolean =>
  ability === 'faults' ? Object.keys(target.faults).length > 0 : target[ability] !== undefined;

/** @throws UsageError when the scenario needs an action that is impossible on this target from here */
export function requireAbility(name: string, { needs }: Pick<Scenario, 'needs'>, target: Target): void {
  if (needs === undefined || can(target, needs)) return;
  const { what, where } = DOES[needs];
  throw new UsageError(
    `${name} ${what}, which cannot be done to ${target.name} from here: --target ${where} allow it, ` +
      "and so does a cluster of the run's own, without --target.",
  );
}
