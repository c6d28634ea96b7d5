import type { Kubectl } from '../../infra/cluster/kubectl.ts';
import type { Config } from '../../infra/config/config.ts';
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
  /** Brings it up, step by step. */
  start(steps: Steps): Promise<void>;
  /** Changes the configuration so that every replica is replaced, and resolves when it is done. */
  rollOut(): Promise<string>;
  rotate(step: RotationStep): Promise<string>;
  /** More checks that this way of running it needs. */
  inspect(steps: Steps): Promise<void>;
  /** Takes everything down. */
  stop(steps: Steps): Promise<void>;
}
