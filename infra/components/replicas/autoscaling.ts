import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Config } from '../../config/config.ts';
import { chartPlace } from '../artifacts.ts';
import { labelsOf } from '../labels.ts';
import { SERVER } from './gridlock.ts';
import { MetricsApi } from './metrics-api.ts';
import type { Replicas } from './replicas.ts';

export interface AutoscalingArgs {
  readonly config: Config;
  /** Namespace of the game. */
  readonly namespace: pulumi.Input<string>;
  /** The replicas that are scaled. */
  readonly replicas: Pick<Replicas, 'deployment'>;
  /** Image of the game, which the metrics API is part of. */
  readonly image: pulumi.Input<string>;
  readonly certificates: {
    /** Secret with the certificate of the metrics API. */
    readonly metricsApiSecret: pulumi.Input<string>;
    /** PEM of every accepted root. */
    readonly rootCertificate: pulumi.Input<string>;
  };
}

/** CPU of a replica above which one is added: Node works on one core, and bursts need room. */
const CPU = '700m';

type HpaSpec = kubernetes.types.input.autoscaling.v2.HorizontalPodAutoscalerSpec;

/**
 * Sockets decide: idle ones cost no CPU, yet all of them come back at once when a replica is lost. Replicas
 * are added fast and taken away one by one, as each that goes sends its players to the others. Pure.
 */
export function scaling(config: Pick<Config, 'replicas' | 'maxReplicas' | 'socketsPerReplica'>): HpaSpec {
  return {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: SERVER.cluster },
    minReplicas: config.replicas,
    maxReplicas: config.maxReplicas,
    metrics: [
      {
        type: 'Pods',
        pods: {
          metric: { name: 'gridlock_sockets' },
          target: { type: 'AverageValue', averageValue: String(config.socketsPerReplica) },
        },
      },
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: CPU } } },
    ],
    behavior: {
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
    },
  };
}

/**
 * Scales the replicas on their open sockets, with CPU as the second signal. `adapter` brings what feeds it:
 * the metrics API for sockets and metrics-server for CPU; with `existing` the cluster has both.
 */
export class Autoscaling extends pulumi.ComponentResource {
  readonly autoscaler: kubernetes.autoscaling.v2.HorizontalPodAutoscaler;

  constructor(name: string, args: AutoscalingArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:Autoscaling', name, {}, opts);
    const { config, namespace, replicas } = args;
    const sources = config.autoscaling === 'adapter' ? this.#sources(name, args) : [];
    this.autoscaler = new kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
      name,
      { metadata: { name: SERVER.cluster, namespace, labels: labelsOf(SERVER) }, spec: scaling(config) },
      { parent: this, dependsOn: [replicas.deployment, ...sources] },
    );
    this.registerOutputs({});
  }

  #sources(name: string, { config, namespace, image, certificates }: AutoscalingArgs): pulumi.Resource[] {
    const api = new MetricsApi(
      'metrics-api',
      {
        namespace,
        image,
        certificateSecret: certificates.metricsApiSecret,
        roots: certificates.rootCertificate,
      },
      { parent: this },
    );
    if (!config.charts.metricsServer.install) return [api];
    const metricsServer = new kubernetes.helm.v3.Release(
      `${name}-metrics-server`,
      {
        name: 'metrics-server',
        namespace: 'kube-system',
        ...chartPlace(config, 'metricsServer'),
        values: metricsServerValues(config),
      },
      { parent: this },
    );
    return [api, metricsServer];
  }
}

/** kind's kubelets have self-signed certificates, which nobody can check. */
function metricsServerValues({ cluster, imageMirror }: Config): Record<string, unknown> {
  const repository = 'registry.k8s.io/metrics-server/metrics-server';
  return {
    args: cluster === 'kind' ? ['--kubelet-insecure-tls'] : [],
    ...(imageMirror === '' ? {} : { image: { repository: `${imageMirror}/${repository}` } }),
  };
}
