// The limits at which alerts fire. Boards draw the same numbers, and this is their only place.

export interface Threshold {
  readonly severity: 'warning' | 'critical';
  /** Name of the alert, without `Gridlock`. */
  readonly alert: string;
  /** In the unit of the query. */
  readonly at: number;
  /** Whether less is worse. */
  readonly isFloor?: boolean;
}

const define = <const Name extends string>(thresholds: Readonly<Record<Name, Threshold>>) => Object.freeze(thresholds);

export const THRESHOLDS = define({
  /** Replicas. */
  ready: { severity: 'critical', alert: 'NoReplicaReady', at: 1, isFloor: true },
  /** Part of the open sockets, within five minutes. */
  dropped: { severity: 'warning', alert: 'SocketsDropped', at: 0.05 },
  /** Part of the players who came back. */
  snapshots: { severity: 'critical', alert: 'ResumesFail', at: 0.02 },
  /** Seconds, of the slowest hundredth. */
  moves: { severity: 'warning', alert: 'MovesSlow', at: 0.25 },
  /** Seconds, of the slowest twentieth. */
  probes: { severity: 'warning', alert: 'ProbesSlow', at: 0.5 },
  /** A second. */
  redisErrors: { severity: 'warning', alert: 'RedisErrors', at: 1 },
  /** Part of `maxmemory`. */
  redisMemory: { severity: 'warning', alert: 'RedisNearlyFull', at: 0.7 },
  /** A second, of all pods of the edge together, for one reason. */
  refusals: { severity: 'warning', alert: 'EdgeRefuses', at: 50 },
  /** Seconds until it expires: it should have been renewed days ago. */
  certificate: { severity: 'critical', alert: 'EdgeCertificateExpires', at: 24 * 3600, isFloor: true },
});
