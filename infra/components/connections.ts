// What the parts of one WebSocket cluster have to know about each other.
import { KEDA } from './autoscaling/keda.ts';
import { controllerSessions, haproxySessions, type SocketGauge } from './autoscaling/socket-gauge.ts';
import { CERT_MANAGER } from './certificates/cert-manager.ts';
import { CONTROLLER_PORTS, definitionsLabels, EDGE_PORTS, edgeSelector, HAPROXY_PORTS } from './edge/names.ts';
import { selectorOf } from './labels.ts';
import type { MonitoredPods } from './monitoring/monitored.ts';
import type { MonitoringArgs } from './monitoring/monitoring.ts';
import { KEDA_OPERATOR } from './network-policies/chart-rules.ts';
import type { EdgeOpenings } from './network-policies/cluster-rules.ts';
import type { NetworkPoliciesArgs } from './network-policies/network-policies.ts';
import { type PodPlace, to } from './network-policies/rule.ts';
import type { RedisConnection } from './redis/redis-connection.ts';
import type { ContainerPort } from './replicas/replica-pod.ts';
import type { Replicas } from './replicas/replicas.ts';
import { chosen, type EdgeChoice, type WebSocketClusterArgs } from './web-socket-cluster-args.ts';

/** The parts of one cluster that exist so far. */
export interface Made {
  readonly cluster: string;
  readonly args: WebSocketClusterArgs;
  readonly replicas: Pick<Replicas, 'ports' | 'checkPort' | 'selector'>;
  readonly redis: Pick<RedisConnection, 'ports'> | undefined;
}

/** Where the replicas have their metrics; undefined: they have none. */
const metricsPort = ({ args: { metrics }, replicas }: Made): ContainerPort | undefined =>
  metrics && (replicas.ports.find(({ number }) => number === metrics.port) ?? replicas.ports[0]!);

/** The pods of HAProxy's ingress controller, as its chart makes them by default. */
const USUAL_CONTROLLER = {
  namespace: 'haproxy-controller',
  labels: { 'app.kubernetes.io/name': 'kubernetes-ingress' },
} as const;
const podsOfOthers = ({ pods = USUAL_CONTROLLER }: NonNullable<EdgeChoice['existingController']>) => pods;

const STAT = { name: 'stat', number: CONTROLLER_PORTS.stat };

/** The gauge of open sockets: of the replicas, or of the edge for a server without metrics. */
export function gaugeOf(made: Made): SocketGauge {
  const { args, replicas } = made;
  const metric = args.autoscaling?.gauge;
  const port = metricsPort(made);
  if (metric === undefined || port === undefined) return sessionsOf(made);
  return { toldBy: 'replicas', pods: replicas.selector, port, path: args.metrics!.path, metric };
}

function sessionsOf({ cluster, args, replicas }: Made): SocketGauge {
  const service = { namespace: args.namespace, name: cluster, port: replicas.ports[0]!.name };
  const { haproxy, existingController } = args.edge;
  if (haproxy) {
    const port = { name: 'metrics', number: HAPROXY_PORTS.metrics };
    return haproxySessions({ pods: edgeSelector(cluster, 'haproxy'), port });
  }
  if (!existingController)
    return controllerSessions({ pods: edgeSelector(cluster, 'controller'), port: STAT, service });
  const { namespace, labels: pods } = podsOfOthers(existingController);
  return controllerSessions({ namespace, pods, port: STAT, service });
}

/** KEDA's operator: in the namespace where the cluster installs it, or anywhere. */
function kedaOf({ autoscaling }: WebSocketClusterArgs): PodPlace | undefined {
  if (autoscaling === undefined) return undefined;
  return autoscaling.keda === undefined ? KEDA_OPERATOR : { ...KEDA_OPERATOR, namespace: KEDA };
}

/** The edge, with pods of both kinds while one replaces the other. */
function edgeOpenings({ cluster, args: { edge } }: Made): EdgeOpenings {
  if (edge.existingController) return { place: podsOfOthers(edge.existingController) };
  const own = {
    ports: Object.values(EDGE_PORTS),
    metricsPorts: [...Object.values(HAPROXY_PORTS), CONTROLLER_PORTS.stat],
  };
  return {
    place: { labels: selectorOf({ cluster, part: 'edge' }) },
    own: edge.haproxy ? own : { ...own, asksApiServer: true, definitions: definitionsLabels(cluster) },
  };
}

/** The openings in the network of a cluster; undefined without policies. */
export function openingsOf(made: Made): Omit<NetworkPoliciesArgs, 'namespace' | 'cluster'> | undefined {
  const { args, replicas, redis } = made;
  if (args.networkPolicies === false) return undefined;
  const { shuts, egress = [], serverSeesEdge = false, readers = [] } = args.networkPolicies ?? {};
  const edge = edgeOpenings(made);
  const metrics = metricsPort(made);
  const keda = kedaOf(args);
  const kind = chosen('redis', args.redis)?.[0];
  return {
    shuts,
    server: {
      port: replicas.ports[0]!.number,
      checkPort: replicas.checkPort.number,
      ...(metrics === undefined ? {} : { metricsPort: metrics.number }),
      egress: [...(serverSeesEdge ? [to([edge.place], EDGE_PORTS.https)] : []), ...egress],
    },
    edge,
    redis: kind && redis && { kind, ports: redis.ports },
    readers: [...(keda ? [keda] : []), ...readers],
    acmeSolver: args.certificates?.acme?.challenge.kind === 'http-01',
  };
}

const metricsAt = (...ports: readonly string[]) => ports.map((port) => ({ port, path: '/metrics' }));

function monitoredServer(made: Made): MonitoringArgs['server'] {
  const { args, replicas } = made;
  const kind = args.gridlock === undefined ? 'other' : 'gridlock';
  const port = metricsPort(made);
  if (port === undefined) return { kind };
  return { kind, pods: { labels: replicas.selector, endpoints: [{ port: port.name, path: args.metrics!.path }] } };
}

/** The edge, wherever it is. A controller that the cluster already had counts no refusals for us. */
function monitoredEdge({ cluster, args: { edge } }: Made): MonitoringArgs['edge'] {
  if (edge.haproxy) {
    const pods = { labels: edgeSelector(cluster, 'haproxy'), endpoints: metricsAt('metrics', 'agent') };
    return { pods, refusalsPort: 'metrics', tellsCertificate: true };
  }
  const endpoints = metricsAt(STAT.name);
  if (!edge.existingController) {
    const pods = { labels: edgeSelector(cluster, 'controller'), endpoints };
    return { pods, refusalsPort: STAT.name, tellsCertificate: false };
  }
  return { pods: { ...podsOfOthers(edge.existingController), endpoints }, tellsCertificate: false };
}

const CERT_MANAGER_PODS: MonitoredPods = {
  namespace: CERT_MANAGER,
  labels: { 'app.kubernetes.io/name': 'cert-manager', 'app.kubernetes.io/component': 'controller' },
  endpoints: metricsAt('http-metrics'),
};
const KEDA_PODS: MonitoredPods = {
  namespace: KEDA,
  labels: KEDA_OPERATOR.labels ?? {},
  endpoints: metricsAt('metrics'),
};

/** The monitored parts of a cluster. */
export function monitoredOf(made: Made): Omit<MonitoringArgs, 'namespace' | 'cluster'> {
  const { args } = made;
  const { certificates = { chain: {} }, autoscaling, monitoring = {} } = args;
  const chain = certificates.chain ?? certificates.acme;
  return {
    server: monitoredServer(made),
    edge: monitoredEdge(made),
    redis: chosen('redis', args.redis)?.[0],
    isScaled: autoscaling !== undefined,
    certificates: chain ? { certManager: { namespace: CERT_MANAGER, issuing: chain.pki?.issuing } } : {},
    others: {
      ...(chain ? { 'cert-manager': CERT_MANAGER_PODS } : {}),
      ...(autoscaling?.keda ? { keda: KEDA_PODS } : {}),
      ...monitoring.others,
    },
    stack: monitoring.stack,
  };
}
