import type { Kubectl } from '../../infra/cluster/kubectl.ts';
import type { Config } from '../../infra/config/config.ts';
import type { Printed, Project } from './project.ts';
import type { Steps } from './steps.ts';

export type RotationStep = 'leaf' | 'intermediate' | 'root-accept' | 'root-issue' | 'root-retire';

/** The system on a cluster, however it was brought up. */
export interface System {
  readonly config: Config;
  readonly kubectl: Kubectl;
  readonly url: string;
  /** Every root that is accepted at the moment, and no other. */
  readonly rootPem: string;
  /** The rotations that this way of running it supports. */
  readonly rotations: readonly RotationStep[];
  /** Further checks for this way of running it, each with its title. */
  readonly inspections: readonly (readonly [title: string, run: () => Promise<string>])[];
  /** The system itself, if it is a stack whose configuration can be changed. */
  readonly stack?: StackSystem;
  /** Brings it up, step by step. */
  start(steps: Steps): Promise<void>;
  /** Changes the configuration so that every replica is replaced, and resolves when it is done. */
  rollOut(): Promise<string>;
  rotate(step: RotationStep): Promise<string>;
  /** Takes everything down. */
  stop(steps: Steps): Promise<void>;
}

export type Settings = Readonly<Record<string, unknown>>;

/** A stack of the Pulumi engine. */
export interface StackSystem extends System {
  /** Changes the configuration, brings the stack up, and resolves with a summary. */
  change(settings: Settings): Promise<string>;
  /** Brings it up with flags. */
  changeByFlags(flags: readonly string[]): Promise<Printed>;
  /** Makes a change that is refused. Restores the configuration, and resolves with the refusal. */
  refused(settings: Settings): Promise<string>;
  /** A checkout with a stack on the same Kubernetes cluster. */
  beside(settings: Settings): Project;
}
