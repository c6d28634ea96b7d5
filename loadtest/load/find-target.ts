import { existsSync } from 'node:fs';
import { composeTarget } from './compose-target.ts';
import { kindTarget } from './kind-target.ts';
import { type OwnOptions, ownTarget, runningTarget } from './local-target.ts';
import { LoadProblem } from './problem.ts';
import type { Target } from './target.ts';

export interface TargetWish extends OwnOptions {
  /** local, compose, kind, or an address; undefined for a cluster of the run's own. */
  readonly target: string | undefined;
  readonly stack: string;
  /** Of local and compose; undefined for the configured one. */
  readonly stateDir: string | undefined;
  /** File of the root to trust, for an address. */
  readonly ca: string | undefined;
}

/** Finds, or starts, the cluster to put under load. @throws LoadProblem when there is none */
export async function findTarget({ target, stack, stateDir, ca, ...own }: TargetWish): Promise<Target> {
  if (target === undefined) return ownTarget(own);
  if (target === 'local') return runningTarget(stateDir);
  if (target === 'compose') return composeTarget(stateDir);
  if (target === 'kind') return kindTarget(stack);
  const url = target.replace(/^ws/, 'http');
  if (!URL.canParse(url) || !/^https:\/\//.test(url)) {
    throw new LoadProblem(
      `--target is ${JSON.stringify(target)}: local, compose, kind or an address such as wss://localhost:8443 is allowed.`,
    );
  }
  if (ca !== undefined && !existsSync(ca)) throw new LoadProblem(`The root certificate ${ca} of --ca is not there.`);
  return {
    name: target,
    url: new URL(url).origin,
    trustFile: () => ca,
    processes: async () => ({}),
    faults: {},
    stop: async () => undefined,
  };
}
