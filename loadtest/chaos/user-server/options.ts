import path from 'node:path';
import { statePaths } from '../../../infra/local/state-paths.ts';
import { UsageError } from '../../../infra/usage-error.ts';
import { type ConnectPlan, planConnect } from '../../connect/options.ts';
import { commandFault, USER_FAULTS, type UserFault } from './faults.ts';

export interface UserChaosOptions {
  /** The server to run behind a new edge. */
  readonly command?: string | undefined;
  /** The address of a running server, instead of a command. */
  readonly target?: string | undefined;
  /** The path that the sockets request, with a command. */
  readonly path?: string | undefined;
  readonly ca?: string | undefined;
  readonly replicas?: number | undefined;
  readonly sticky?: string | undefined;
  readonly healthPath?: string | undefined;
  readonly drainSignal?: string | undefined;
  readonly stateDir?: string | undefined;
  readonly sockets?: number | undefined;
  readonly ping?: string | undefined;
  readonly expect?: string | undefined;
  readonly pace?: number | undefined;
  readonly header?: readonly string[] | undefined;
  readonly strike?: string | undefined;
  readonly fault?: readonly string[] | undefined;
  readonly rounds?: number | undefined;
  readonly seed?: number | undefined;
  readonly json?: string | undefined;
}

const DEFAULT_SOCKETS = 60;
const DEFAULT_PACE = 5;
export const DEFAULT_REPLICAS = 3;
/** A run ends by itself when its rounds are over. */
const LONGEST_SECONDS = 86_400;
const FOR_COMMAND = ['path', 'replicas', 'sticky', 'healthPath'] as const;
const FOR_TARGET = ['ca', 'stateDir', 'strike'] as const;
const FOR_SOCKETS = ['drainSignal', 'sockets', 'ping', 'expect', 'pace', 'header'] as const;
/** Options for the user's own server only. */
export const FOR_USER_SERVER = [...FOR_COMMAND, ...FOR_TARGET, ...FOR_SOCKETS];

/** `healthPath` -> `--health-path` */
export const flagOf = (option: string) => `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** @throws UsageError for options that contradict each other */
export function checkUserChaos(options: UserChaosOptions): void {
  const { command, target, fault = [], ping, strike } = options;
  if (command !== undefined && target !== undefined) {
    throw new UsageError('--command starts a server and --target names a running one: leave one of them out.');
  }
  const [other, foreign] =
    command === undefined ? (['--command', FOR_COMMAND] as const) : (['--target', FOR_TARGET] as const);
  const stray = foreign.find((option) => options[option] !== undefined);
  if (stray) throw new UsageError(`${flagOf(stray)} is for ${other}: leave it out.`);
  if (options.path !== undefined && !options.path.startsWith('/')) {
    throw new UsageError(`--path is ${JSON.stringify(options.path)}: a path such as /ws?room={n} is needed.`);
  }
  const unknown = fault.find((name) => !USER_FAULTS.some((one) => one.name === name));
  if (unknown) {
    const names = USER_FAULTS.map(({ name }) => name).join(', ');
    throw new UsageError(`--fault ${unknown} is for Gridlock's own replicas: for your server there are ${names}.`);
  }
  if (strike !== undefined && fault.length > 0) {
    throw new UsageError('--strike is a fault of your own, and --fault names one of ours: leave one of them out.');
  }
  if (ping === undefined && fault.includes('network-silent')) {
    throw new UsageError('--fault network-silent needs something to hold up: say with --ping what each socket sends.');
  }
}

/** The sockets of each round. */
export function planSockets(options: UserChaosOptions, target: string, ca: string | undefined): ConnectPlan {
  const { ping, expect, pace, header, sockets = DEFAULT_SOCKETS } = options;
  return planConnect({
    ...{ target, ca, sockets, ping, expect, header, ramp: 0, seconds: LONGEST_SECONDS },
    pace: ping === undefined ? pace : (pace ?? DEFAULT_PACE),
  });
}

/** The target of the sockets with a command, and the root that they trust. */
export const ownTarget = (port: number, stateDir: string, target = '/') => ({
  target: `wss://localhost:${port}${target}`,
  ca: path.join(statePaths(stateDir).pki, 'root.pem'),
});

/** The parts that a fault can strike: processes of copies and of the edge, or the network alone. */
export interface Reach {
  readonly copies: boolean;
  readonly edge: boolean;
}

/** The faults of a run, in the order in which they are listed. @throws UsageError when one cannot strike there */
export function faultsFor({ fault, strike, ping }: UserChaosOptions, reach: Reach): readonly UserFault[] {
  if (strike !== undefined) return [commandFault(strike)];
  const canStrike: Record<UserFault['needs'], boolean> = { ...reach, network: true, pings: ping !== undefined };
  if (fault === undefined) return USER_FAULTS.filter(({ needs }) => canStrike[needs]);
  const faults = USER_FAULTS.filter(({ name }) => fault.includes(name));
  const far = faults.find(({ needs }) => !canStrike[needs]);
  if (far === undefined) return faults;
  const what = far.needs === 'copies' ? 'copies that npm start has started' : 'the edge of npm start on this machine';
  throw new UsageError(
    `--fault ${far.name} needs ${what}: name its directory with --state-dir, or give a command of your own with --strike.`,
  );
}
