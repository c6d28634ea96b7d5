import type { types } from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import type { SocketGauge } from './socket-gauge.ts';

export interface ScaledObjectArgs {
  /** Name of the Deployment that is scaled; the autoscaler that KEDA makes is called the same. */
  readonly deployment: pulumi.Input<string>;
  readonly min: number;
  readonly max: number;
  /** Open sockets of a replica above which one is added. */
  readonly socketsPerReplica: number;
  readonly gauge: Pick<SocketGauge, 'toldBy' | 'metric'>;
  /** Where KEDA finds the pods that expose the gauge: `http://service.namespace.svc:port/path`. */
  readonly url: pulumi.Input<string>;
  /** CPU of a replica above which one is added, such as `700m`; undefined: CPU does not count. */
  readonly cpu?: string | undefined;
}

type Behavior = types.input.autoscaling.v2.HorizontalPodAutoscalerBehavior;

/**
 * Replicas are added fast and removed one by one, because a removed replica sends its clients to the others: one in
 * five minutes, and none before there have been fewer sockets for ten minutes.
 */
export const BEHAVIOR = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Percent', value: 100, periodSeconds: 30 },
      { type: 'Pods', value: 2, periodSeconds: 30 },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: 600,
    selectPolicy: 'Min',
    policies: [{ type: 'Pods', value: 1, periodSeconds: 300 }],
  },
} as const satisfies Behavior;

/** Readings in a row that fail before KEDA says so in the ScaledObject's status. The autoscaler reads every 15 s. */
const FAILURES = 3;

/**
 * How the gauges of many pods become a number of replicas. The gauges of replicas are averaged over those that answer,
 * so that a silent one counts like the others and not like one without sockets. The average is compared unchanged
 * (`Value`). Each pod of the edge knows only a part of the sockets: the parts are added up, and the autoscaler divides
 * the sum by the replicas (`AverageValue`).
 */
const AGGREGATION = {
  replicas: { metricType: 'Value', aggregationType: 'average' },
  edge: { metricType: 'AverageValue', aggregationType: 'sum' },
} as const;

/**
 * The `spec` of a ScaledObject. Sockets decide, because idle ones cost no CPU and yet all come back at once when a
 * replica is lost. While the gauge cannot be read, the number of replicas stays.
 */
export function scaledObjectSpec(args: ScaledObjectArgs): Record<string, unknown> {
  const { deployment, min, max, socketsPerReplica, gauge, url, cpu } = args;
  const { metricType, aggregationType } = AGGREGATION[gauge.toldBy];
  const sockets = {
    type: 'metrics-api',
    metricType,
    metadata: {
      url,
      format: 'prometheus',
      valueLocation: gauge.metric,
      aggregateFromKubeServiceEndpoints: 'true',
      aggregationType,
      targetValue: String(socketsPerReplica),
    },
  };
  return {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: deployment },
    minReplicaCount: min,
    maxReplicaCount: max,
    fallback: { failureThreshold: FAILURES, replicas: min, behavior: 'currentReplicasIfHigher' },
    advanced: { horizontalPodAutoscalerConfig: { name: deployment, behavior: BEHAVIOR } },
    triggers: [
      sockets,
      ...(cpu === undefined ? [] : [{ type: 'cpu', metricType: 'AverageValue', metadata: { value: cpu } }]),
    ],
  };
}
