// The keys of the configuration about the number of replicas, as the autoscaling takes them.
import type * as pulumi from '@pulumi/pulumi';
import { chartPlace } from '../components/artifacts.ts';
import type { AutoscalingArgs } from '../components/autoscaling/autoscaling.ts';
import { controllerSessions, haproxySessions, type SocketGauge } from '../components/autoscaling/socket-gauge.ts';
import { CONTROLLER_PORTS, edgeSelector, HAPROXY_PORTS } from '../components/edge/names.ts';
import type { Config } from '../config/config.ts';
import { CLUSTER, CONTROLLER_OF_OTHERS } from './names.ts';
import { prometheus } from './policies.ts';
import { replicaPorts, SERVER_LABELS } from './replica-ports.ts';

/** CPU of a replica of Gridlock's above which one is added: Node works on one core, and bursts need room. */
const CPU = '700m';

/**
 * The source of the number of open sockets: the replicas, or the edge for a user's own server without such a metric.
 */
export function socketGauge(config: Config): SocketGauge {
  const { serverImage, scaleOn, metricsPath, namespace, ingress, ingressNamespace, charts } = config;
  const { metrics, sockets } = replicaPorts(config);
  if (serverImage === '' || scaleOn !== '') {
    return {
      toldBy: 'replicas',
      pods: SERVER_LABELS,
      port: metrics ?? sockets,
      path: serverImage === '' ? '/metrics' : metricsPath,
      metric: scaleOn === '' ? 'gridlock_sockets' : scaleOn,
    };
  }
  if (ingress === 'haproxy') {
    const port = { name: 'metrics', number: HAPROXY_PORTS.metrics };
    return haproxySessions({ pods: edgeSelector(CLUSTER, 'haproxy'), port });
  }
  const service = { namespace, name: CLUSTER, port: sockets.name };
  const port = { name: 'stat', number: CONTROLLER_PORTS.stat };
  return charts.ingress.install
    ? controllerSessions({ pods: edgeSelector(CLUSTER, 'controller'), port, service })
    : controllerSessions({ namespace: ingressNamespace, pods: CONTROLLER_OF_OTHERS, port, service });
}

export interface ScaledReplicas {
  readonly namespace: pulumi.Input<string>;
  /** Name of their Deployment, known once it is there. */
  readonly deployment: pulumi.Input<string>;
}

/** The autoscaling of the replicas, with what of KEDA and metrics-server is to be installed. */
export function scalingArgs(config: Config, { namespace, deployment }: ScaledReplicas): AutoscalingArgs {
  const { autoscaling, charts, cluster, serverImage, imageMirror } = config;
  const isOwn = autoscaling === 'keda';
  // How much CPU a server of the user's may use is not known here.
  const cpu = serverImage === '' ? CPU : undefined;
  return {
    namespace,
    cluster: CLUSTER,
    imageMirror,
    deployment,
    min: config.replicas,
    max: config.maxReplicas,
    socketsPerReplica: config.socketsPerReplica,
    gauge: socketGauge(config),
    cpu,
    keda:
      isOwn && charts.keda.install
        ? {
            chart: chartPlace(config, 'keda'),
            // One of each will do on a laptop.
            replicas: cluster === 'kind' ? 1 : 2,
            prometheus: prometheus(config),
          }
        : undefined,
    metricsServer:
      isOwn && cpu !== undefined && charts.metricsServer.install
        ? { chart: chartPlace(config, 'metricsServer'), anyKubelet: cluster === 'kind' }
        : undefined,
  };
}
