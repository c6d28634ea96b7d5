import path from 'node:path';
import type { DialectName } from '../dialects/index.ts';

/** The settings for starting a replica of a system. */
export interface Place {
  /** 1, 2, ... */
  readonly number: number;
  readonly port: number;
  /** The port to ask whether it is ready; its public port if a system has only one. */
  readonly internalPort: number;
  /** Of one Redis, or of each master of a cluster. */
  readonly redisPorts: readonly number[];
  readonly redisPassword: string;
  /** A separate directory for the system. */
  readonly directory: string;
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Workloads of the comparison, and long ones that are measured only when they are named. */
export type Workload = 'moves' | 'chat' | 'idle' | 'kill' | 'max' | 'curve' | 'growth' | 'soak';
export const COMPARED: readonly Workload[] = ['moves', 'chat', 'idle', 'kill', 'max'];
export const WORKLOADS: readonly Workload[] = [...COMPARED, 'curve', 'growth', 'soak'];

/** One row of the comparison. */
export interface System {
  /** As `--only` names it. */
  readonly name: string;
  readonly label: string;
  readonly dialect: DialectName;
  /** Whether the players of a game are on different replicas, or all on one. */
  readonly seating: 'apart' | 'together';
  /** How Redis writes to disk; undefined where there is no Redis. */
  readonly persistence: 'always' | 'none' | undefined;
  /** Masters of a Redis Cluster, where it is one. */
  readonly redisMasters?: number;
  /** The same with an application whose rooms have any number of members, for `growth`. */
  readonly roomy?: System;
  /** Whether it runs in a single process. */
  readonly isSingle: boolean;
  readonly readyPath: string;
  /** Whether a workload makes sense for it. */
  readonly workloads: readonly Workload[];
  /** The settings of the dialect. */
  readonly params?: Readonly<Record<string, string>>;
  /** Whether the package of the peers is needed. */
  readonly isPeer: boolean;
  replica(place: Place): Command;
}

const HERE = import.meta.dirname;

/** Node with garbage collection on demand, which the measurement of memory needs. */
export function node(
  script: string,
  env: NodeJS.ProcessEnv,
  flags: readonly string[] = ['--disable-warning=ExperimentalWarning'],
): Command {
  const gc = ['--expose-gc', '--import', path.join(HERE, 'collect-garbage.mjs')];
  return {
    command: process.execPath,
    args: [...flags, ...gc, script],
    env: { ...process.env, NODE_ENV: 'production', ...env },
  };
}

export const redisUrl = ({ redisPorts, redisPassword }: Place): string =>
  `redis://:${redisPassword}@127.0.0.1:${redisPorts[0]}`;
