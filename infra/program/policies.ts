// The keys of the configuration as the network policies take them.
import type * as pulumi from '@pulumi/pulumi';
import { KEDA } from '../components/autoscaling/keda.ts';
import { CONTROLLER_PORTS, DEFINITIONS_LABELS, EDGE_PORTS, HAPROXY_PORTS } from '../components/edge/names.ts';
import { selectorOf } from '../components/labels.ts';
import { MONITORING_NAMESPACE } from '../components/monitoring/monitoring.ts';
import { KEDA_OPERATOR } from '../components/network-policies/chart-rules.ts';
import type { EdgeOpenings, RedisOpenings } from '../components/network-policies/cluster-rules.ts';
import type { NetworkPoliciesArgs } from '../components/network-policies/network-policies.ts';
import { type EgressRule, type PodPlace, to, toAnywhere } from '../components/network-policies/rule.ts';
import type { Config } from '../config/config.ts';
import { CLUSTER } from './names.ts';
import { replicaPorts } from './replica-ports.ts';

/** Prometheus, where there is one. */
export const prometheus = ({ monitoring }: Pick<Config, 'monitoring'>): PodPlace | undefined =>
  monitoring === 'none' ? undefined : { namespace: MONITORING_NAMESPACE };

/** KEDA's operator: in the namespace where we install it, or wherever it is. */
function keda({ autoscaling, charts }: Config): PodPlace | undefined {
  if (autoscaling === 'none') return undefined;
  const isOwn = autoscaling === 'keda' && charts.keda.install;
  return isOwn ? { ...KEDA_OPERATOR, namespace: KEDA } : KEDA_OPERATOR;
}

/** The edge: with pods of the stack, of both kinds while one replaces the other, or a controller that is there already. */
function edgeOf({ ingress, charts, ingressNamespace }: Config): EdgeOpenings {
  if (ingress === 'controller' && !charts.ingress.install) return { place: { namespace: ingressNamespace } };
  const own = {
    ports: Object.values(EDGE_PORTS),
    metricsPorts: [...Object.values(HAPROXY_PORTS), CONTROLLER_PORTS.stat],
  };
  return {
    place: { labels: selectorOf({ cluster: CLUSTER, part: 'edge' }) },
    own: ingress === 'haproxy' ? own : { ...own, asksApiServer: true, definitions: DEFINITIONS_LABELS },
  };
}

/** Where the replicas go: to the edge, to see which certificate it shows, and to the keys of the issuer outside. */
const egressOf = (edge: EdgeOpenings, { serverImage, jwtJwksUrl }: Config): EgressRule[] => [
  ...(serverImage === '' ? [to([edge.place], EDGE_PORTS.https)] : []),
  ...(jwtJwksUrl === '' ? [] : [toAnywhere(Number(new URL(jwtJwksUrl).port || 443))]),
];

function redisOf({ redis }: Config, ports: readonly number[]): RedisOpenings | undefined {
  switch (redis) {
    case 'none':
      return undefined;
    case 'external':
      return { kind: 'external', ports };
    case 'single':
    case 'sentinel':
      return { kind: redis, ports };
  }
}

export interface PoliciesOf {
  /** Namespace of the stack, all of which is shut. */
  readonly namespace: pulumi.Input<string>;
  /** Ports of Redis that a replica connects to. */
  readonly redisPorts: readonly number[];
}

/** The policies of the stack's own namespace. */
export function policiesArgs(config: Config, { namespace, redisPorts }: PoliciesOf): NetworkPoliciesArgs {
  const { sockets, checks, metrics } = replicaPorts(config);
  const edge = edgeOf(config);
  const readers = [keda(config), prometheus(config)].filter((place) => place !== undefined);
  return {
    namespace,
    cluster: CLUSTER,
    shuts: 'namespace',
    server: {
      port: sockets.number,
      checkPort: checks.number,
      ...(metrics === undefined ? {} : { metricsPort: metrics.number }),
      egress: egressOf(edge, config),
    },
    edge,
    redis: redisOf(config, redisPorts),
    readers,
    acmeSolver: config.certificates === 'acme' && config.acmeChallenge === 'http-01',
  };
}
