import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { labelsOf } from '../labels.ts';
import type { PartArgs } from '../part.ts';
import { Keda, type KedaArgs } from './keda.ts';
import { MetricsServer, type MetricsServerArgs } from './metrics-server.ts';
import { type ScaledObjectArgs, scaledObjectSpec } from './scaled-object.ts';
import type { SocketGauge } from './socket-gauge.ts';

export interface AutoscalingArgs extends PartArgs, Pick<ScaledObjectArgs, 'min' | 'max' | 'socketsPerReplica' | 'cpu'> {
  /**
   * Name of the scaled Deployment, as an output of the Deployment itself: KEDA refuses a Deployment that does not
   * exist. Nothing else may set its `.spec.replicas`.
   */
  readonly deployment: pulumi.Input<string>;
  /** The source of the number of open sockets. */
  readonly gauge: SocketGauge;
  /** Installs KEDA; default: the cluster has it. */
  readonly keda?: Omit<KedaArgs, 'imageMirror'> | undefined;
  /** Installs metrics-server, which `cpu` needs; default: the cluster has it. */
  readonly metricsServer?: Omit<MetricsServerArgs, 'imageMirror'> | undefined;
}

/**
 * Scales the replicas with KEDA on their open sockets, with CPU as the second signal. KEDA asks the pods themselves, so
 * no Prometheus is needed.
 */
export class Autoscaling extends pulumi.ComponentResource {
  /** KEDA makes a HorizontalPodAutoscaler of the same name from it. */
  readonly scaledObject: kubernetes.apiextensions.CustomResource;

  constructor(name: string, args: AutoscalingArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:Autoscaling', name, {}, opts);
    const { namespace, cluster = name, imageMirror, gauge, keda, metricsServer } = args;
    const installed = [
      ...(keda === undefined ? [] : [new Keda('keda', { ...keda, imageMirror }, { parent: this })]),
      ...(metricsServer === undefined
        ? []
        : [new MetricsServer('metrics-server', { ...metricsServer, imageMirror }, { parent: this })]),
    ];
    const labels = labelsOf({ cluster, part: 'autoscaling' });
    const service = this.#gaugeService(name, `${cluster}-sockets`, gauge.namespace ?? namespace, gauge, labels);
    this.scaledObject = new kubernetes.apiextensions.CustomResource(
      name,
      {
        apiVersion: 'keda.sh/v1alpha1',
        kind: 'ScaledObject',
        metadata: { name: args.deployment, namespace, labels },
        spec: scaledObjectSpec({ ...args, url: gaugeUrl(service, gauge) }),
      },
      { parent: this, dependsOn: installed },
    );
    this.registerOutputs({});
  }

  /** The Service by which KEDA finds the pods. KEDA asks each ready pod at its own address. */
  #gaugeService(
    name: string,
    service: string,
    namespace: pulumi.Input<string>,
    { pods, port }: SocketGauge,
    labels: Record<string, string>,
  ): kubernetes.core.v1.Service {
    return new kubernetes.core.v1.Service(
      `${name}-sockets`,
      {
        metadata: { name: service, namespace, labels },
        spec: {
          clusterIP: 'None',
          selector: pods,
          ports: [{ name: port.name, port: port.number, targetPort: port.name }],
        },
      },
      { parent: this },
    );
  }
}

/**
 * With `.svc`, because KEDA reads the port in `service.namespace:port` as a part of the namespace. The port is the
 * container's, because KEDA asks the pods.
 */
const gaugeUrl = (
  service: kubernetes.core.v1.Service,
  { port, path = '/metrics' }: SocketGauge,
): pulumi.Output<string> =>
  pulumi.interpolate`http://${service.metadata.name}.${service.metadata.namespace}.svc:${port.number}${path}`;
