import { UsageError } from '../../infra/usage-error.ts';
import type { Design } from '../kit/options.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';

/**
 * Sockets of a virtual user. More of them save memory, because each virtual user has a copy of the script; fewer wait
 * less for each other.
 */
const SOCKETS_A_VU = 100;

/** The options of a run. */
export interface LoadRun {
  readonly name: string;
  readonly scenario: Scenario;
  readonly target: string | undefined;
  readonly ca: string | undefined;
  readonly stack: string;
  readonly stateDir: string | undefined;
  readonly sockets: number;
  readonly vus: number;
  readonly seconds: number;
  readonly pace: number;
  readonly replicas: number;
  readonly design: 'stateless' | 'stateful';
  readonly localIps: string | undefined;
  readonly out: string;
}

export interface LoadOptions {
  readonly target?: string | undefined;
  readonly ca?: string | undefined;
  readonly stack?: string | undefined;
  readonly stateDir?: string | undefined;
  readonly sockets?: number | undefined;
  readonly vus?: number | undefined;
  /** Seconds. */
  readonly duration?: number | undefined;
  readonly pace?: number | undefined;
  readonly replicas?: number | undefined;
  readonly design?: Design | undefined;
  readonly localIps?: string | undefined;
  readonly out?: string | undefined;
}

/** The targets for which a flag has an effect. */
const BELONGS: Readonly<Record<string, readonly string[]>> = {
  replicas: ['own'],
  design: ['own'],
  stack: ['kind'],
  stateDir: ['local', 'compose'],
  ca: ['address'],
};

/** @throws UsageError for a flag that has no effect on this target */
function requireSense(given: Readonly<Record<string, unknown>>, target: string | undefined): void {
  const kind = target === undefined ? 'own' : ['local', 'compose', 'kind'].includes(target) ? target : 'address';
  for (const [flag, kinds] of Object.entries(BELONGS)) {
    if (given[flag] === undefined || kinds.includes(kind)) continue;
    const where =
      { own: "a cluster of the run's own, without --target", address: 'a --target that is an address' }[kinds[0]!] ??
      kinds.map((name) => `--target ${name}`).join(' and ');
    throw new UsageError(
      `--${flag === 'stateDir' ? 'state-dir' : flag} is for ${where}${target === undefined ? '.' : `, not for --target ${target}.`}`,
    );
  }
}

/** @throws UsageError for options that do not agree */
export function planLoad(name: string, options: LoadOptions): LoadRun {
  const scenario = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
  if (!scenario) {
    throw new UsageError(
      `${JSON.stringify(name)} is not a scenario: npm run load -- ${Object.keys(SCENARIOS).join('|')}`,
    );
  }
  requireSense({ ...options }, options.target);
  const { size } = scenario;
  const sockets = options.sockets ?? size.sockets;
  const vus = options.vus ?? Math.max(1, Math.ceil(sockets / SOCKETS_A_VU));
  if (vus > Math.floor(sockets / 4)) {
    throw new UsageError(
      `--vus is ${vus}; for ${sockets} sockets, four of which play a game, at most ${Math.floor(sockets / 4)} are allowed.`,
    );
  }
  return {
    name,
    scenario,
    target: options.target,
    ca: options.ca,
    stack: options.stack ?? 'dev',
    stateDir: options.stateDir,
    sockets,
    vus,
    seconds: options.duration ?? size.seconds,
    pace: options.pace ?? size.pace,
    replicas: options.replicas ?? 4,
    design: options.design ?? 'stateless',
    localIps: options.localIps,
    out: options.out ?? `load-results/${name}`,
  };
}
