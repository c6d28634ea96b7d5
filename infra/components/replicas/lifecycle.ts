import type { Config } from '../../config/config.ts';

/**
 * Time between "this pod ends" and SIGTERM, in which the edge learns of it: the ingress controller looks
 * every 5 s.
 */
export const PRE_STOP_SECONDS = 10;
/** What the replica itself allows its drain beyond the window before it leaves anyway. */
export const FLUSH_SECONDS = 3;
/** What is left before the kubelet kills. */
export const MARGIN_SECONDS = 7;
/**
 * How long a pod must have been ready before the next one is replaced: clients of the last have come back by
 * then.
 */
const MIN_READY_SECONDS = 10;
/** Time a replica may take from its container's start to its first readiness. */
export const START_SECONDS = 60;

/** The times in the life of a game pod, in seconds. Several derive from the drain window. */
export interface Lifecycle {
  readonly preStopSeconds: number;
  readonly drainSeconds: number;
  readonly graceSeconds: number;
  readonly minReadySeconds: number;
  /** From which a rollout that does not move counts as failed. */
  readonly progressDeadlineSeconds: number;
  /** From which the deployment program gives a whole rollout up. */
  readonly rolloutSeconds: number;
}

type Settings = Pick<Config, 'drainMs' | 'replicas' | 'maxReplicas' | 'autoscaling'>;

/**
 * Grace = preStop + drain window + flush + margin; a rollout is given the time of all its pods, one by one.
 */
export function lifecycle({ drainMs, replicas, maxReplicas, autoscaling }: Settings): Lifecycle {
  const drainSeconds = Math.ceil(drainMs / 1000);
  const graceSeconds = PRE_STOP_SECONDS + drainSeconds + FLUSH_SECONDS + MARGIN_SECONDS;
  const step = START_SECONDS + MIN_READY_SECONDS + graceSeconds;
  return {
    preStopSeconds: PRE_STOP_SECONDS,
    drainSeconds,
    graceSeconds,
    minReadySeconds: MIN_READY_SECONDS,
    progressDeadlineSeconds: 2 * step,
    rolloutSeconds: step * (1 + (autoscaling === 'none' ? replicas : maxReplicas)),
  };
}
