/**
 * Time between "this pod ends" and the signal, in which the edge learns of it: the ingress controller looks
 * every 5 s.
 */
export const PRE_STOP_SECONDS = 10;
/** The time that a replica may take beyond its drain before it leaves anyway. */
export const FLUSH_SECONDS = 3;
/** The time left before the kubelet kills the pod. */
export const MARGIN_SECONDS = 7;
/**
 * How long a pod must have been ready before the next one is replaced: the clients of the previous one have come back
 * by then.
 */
const MIN_READY_SECONDS = 10;

/** The times in the life of a replica's pod, in seconds. Several derive from the drain. */
export interface Lifecycle {
  readonly preStopSeconds: number;
  readonly drainSeconds: number;
  readonly graceSeconds: number;
  readonly minReadySeconds: number;
  /** The time after which a rollout without progress counts as failed. */
  readonly progressDeadlineSeconds: number;
  /** The time after which the deployment program gives up on a whole rollout. */
  readonly rolloutSeconds: number;
}

export interface LifecycleArgs {
  /** Time from the signal to the end of a replica's last socket. */
  readonly drainSeconds: number;
  /** Time from the start of a replica's container to its first readiness. */
  readonly startSeconds: number;
  /** The largest number of replicas. */
  readonly replicas: number;
}

/** Grace period = preStop + drain + flush + margin. A rollout gets the time of all its pods, one by one. */
export function lifecycle({ drainSeconds, startSeconds, replicas }: LifecycleArgs): Lifecycle {
  const graceSeconds = PRE_STOP_SECONDS + drainSeconds + FLUSH_SECONDS + MARGIN_SECONDS;
  const step = startSeconds + MIN_READY_SECONDS + graceSeconds;
  return {
    preStopSeconds: PRE_STOP_SECONDS,
    drainSeconds,
    graceSeconds,
    minReadySeconds: MIN_READY_SECONDS,
    progressDeadlineSeconds: 2 * step,
    rolloutSeconds: step * (1 + replicas),
  };
}
