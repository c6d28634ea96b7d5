import type { RunningStatus } from '../../infra/local/system-status.ts';

/** The actions on the authority of a cluster under play. */
export type RotationStep = 'accept' | 'leaf' | 'intermediate' | 'issue' | 'retire';

/** Which sockets a fault closes, each once: none, those of one replica, some of all, or all. */
export type Closes = 'none' | 'replica' | 'some' | 'all';

/** A part of the cluster is killed. */
export interface Fault {
  /** Resolves with a line for the report when the cluster is whole again. */
  strike(): Promise<string>;
  readonly closes: Closes;
}

/** The configured limits of a cluster's edge. */
export interface EdgeLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** New connections of one address in ten seconds. */
  readonly newPerAddress: number;
  /** Whether it sees the addresses of clients, and not that of a proxy in front of it. */
  readonly seesAddresses: boolean;
}

/** A cluster that is put under load. Actions that are impossible from here are left out. */
export interface Target {
  /** own, local, compose, kind or the address. */
  readonly name: string;
  /** Origin, as `https://localhost:8443`. */
  readonly url: string;
  /** PEM file of the roots to trust; undefined for the system's own authorities. */
  trustFile(): string | undefined;
  /** Processes on this machine, by name. */
  processes(): Promise<Readonly<Record<string, readonly number[]>>>;
  /** Of a cluster of processes on this machine. */
  status?(): Promise<RunningStatus>;
  /** Gives a run, as JSON, to a replica for the operations page. Rejects when all refuse it. */
  tellOperations?(run: string): Promise<void>;
  /** By name, in the order in which they strike. */
  readonly faults: Readonly<Record<string, Fault>>;
  rollOut?(told: (text: string) => void): Promise<string>;
  rotate?(step: RotationStep): Promise<string>;
  /** Undefined if it is unknown here. */
  readonly limits?: EdgeLimits | undefined;
  /** The cluster's messages about ended processes, where they are available. */
  endings?(): readonly string[];
  stop(): Promise<void>;
}
