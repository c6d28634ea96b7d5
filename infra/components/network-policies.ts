import type { types } from '@pulumi/kubernetes';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Config } from '../config/config.ts';
import { CONTROLLER_PORTS, DEFINITIONS_LABELS, EDGE_PORTS, HAPROXY_PORTS } from './edge/names.ts';
import { labels, namespaceNamed, selector, selectorOf } from './labels.ts';
import { MONITORING_NAMESPACE } from './monitoring/monitoring.ts';
import type { RedisConnection } from './redis/redis-connection.ts';
import { REDIS_PORT, SENTINEL_PORT } from './redis/redis-connection.ts';
import { HTTP_PORT, INTERNAL_PORT, SERVER } from './replicas/gridlock.ts';
import { METRICS_API, METRICS_API_PORT } from './replicas/metrics-api.ts';

export interface NetworkPoliciesArgs {
  readonly config: Config;
  /** Namespace of the game, which is shut. */
  readonly namespace: pulumi.Input<string>;
  /** Where the replicas connect to. */
  readonly redis: Pick<RedisConnection, 'ports'>;
}

/**
 * Shuts the game's namespace in both directions and opens what the parts need of each other. A cluster whose
 * network knows no policies takes them, and ignores them.
 */
export class NetworkPolicies extends pulumi.ComponentResource {
  readonly policies: readonly kubernetes.networking.v1.NetworkPolicy[];

  constructor(name: string, args: NetworkPoliciesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:NetworkPolicies', name, {}, opts);
    const { config, namespace, redis } = args;
    this.policies = Object.entries(networkRules(config, redis.ports)).map(
      ([policy, spec]) =>
        new kubernetes.networking.v1.NetworkPolicy(
          `${name}-${policy}`,
          { metadata: { name: policy, namespace, labels: labels('network-policy', policy) }, spec },
          { parent: this },
        ),
    );
    this.registerOutputs({});
  }
}

type Spec = types.input.networking.v1.NetworkPolicySpec;
type Peer = types.input.networking.v1.NetworkPolicyPeer;
type Port = types.input.networking.v1.NetworkPolicyPort;

type Settings = Pick<
  Config,
  | 'ingress'
  | 'charts'
  | 'ingressNamespace'
  | 'redis'
  | 'autoscaling'
  | 'monitoring'
  | 'certificates'
  | 'acmeChallenge'
  | 'jwtJwksUrl'
>;

const REDIS = 'redis';

const tcp = (...ports: readonly number[]): Port[] => ports.map((port) => ({ protocol: 'TCP', port }));
const pods = (name: string): Peer => ({ podSelector: { matchLabels: selector(name) } });
const server: Peer = { podSelector: { matchLabels: selectorOf(SERVER) } };
const from = (peers: Peer[], ...ports: readonly number[]) => ({ from: peers, ports: tcp(...ports) });
const to = (peers: Peer[], ...ports: readonly number[]) => ({ to: peers, ports: tcp(...ports) });
const anywhere = (...ports: readonly number[]) => ({ ports: tcp(...ports) });

const policy = (podSelector: Spec['podSelector'], { ingress, egress }: Pick<Spec, 'ingress' | 'egress'>): Spec => ({
  podSelector,
  policyTypes: [...(ingress ? ['Ingress'] : []), ...(egress ? ['Egress'] : [])],
  ...(ingress ? { ingress } : {}),
  ...(egress ? { egress } : {}),
});
const of = (name: string) => ({ matchLabels: selector(name) });

/** The cluster's DNS: kube-dns is what every distribution labels it, whatever it is. */
const dns = {
  to: [
    {
      namespaceSelector: namespaceNamed('kube-system'),
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

const monitoring = (config: Settings): Peer[] =>
  config.monitoring === 'none' ? [] : [{ namespaceSelector: namespaceNamed(MONITORING_NAMESPACE) }];

const EDGE = { matchLabels: selectorOf({ cluster: 'gridlock', part: 'edge' }) };
const hasPods = ({ ingress, charts }: Settings): boolean => ingress === 'haproxy' || charts.ingress.install;

const edge = (config: Settings): Peer =>
  hasPods(config) ? { podSelector: EDGE } : { namespaceSelector: namespaceNamed(config.ingressNamespace) };

const issuer = ({ jwtJwksUrl }: Settings) =>
  jwtJwksUrl === '' ? [] : [anywhere(Number(new URL(jwtJwksUrl).port || 443))];

function game(config: Settings, redisPorts: readonly number[]): Spec {
  const readers = [...(config.autoscaling === 'adapter' ? [pods(METRICS_API)] : []), ...monitoring(config)];
  const redis = config.redis === 'external' ? anywhere(...redisPorts) : to([pods(REDIS)], ...redisPorts);
  return policy(
    { matchLabels: selectorOf(SERVER) },
    {
      ingress: [
        // A plain edge looks at readiness itself.
        from([edge(config)], HTTP_PORT, INTERNAL_PORT),
        ...(readers.length > 0 ? [from(readers, INTERNAL_PORT)] : []),
      ],
      // The edge, to see which certificate it shows; the keys of the issuer are outside, at a name whose addresses change.
      egress: [redis, to([edge(config)], EDGE_PORTS.https), ...issuer(config)],
    },
  );
}

function redis(config: Settings): Spec {
  if (config.redis === 'single') return policy(of(REDIS), { ingress: [from([server], REDIS_PORT)] });
  const ports = [REDIS_PORT, SENTINEL_PORT];
  return policy(of(REDIS), {
    ingress: [from([server, pods(REDIS)], ...ports)],
    egress: [to([pods(REDIS)], ...ports)],
  });
}

/**
 * The API server is no pod, and where it is differs from cluster to cluster: its ports are all that can be
 * said.
 */
const metricsApi = policy(of(METRICS_API), {
  ingress: [anywhere(METRICS_API_PORT)],
  egress: [to([server], INTERNAL_PORT), anywhere(443, 6443)],
});

/** cert-manager's pods that answer an authority's challenge, in the namespace of the certificate. */
const SOLVER = { matchLabels: { 'acme.cert-manager.io/http01-solver': 'true' } };
const SOLVER_PORT = 8089;
const hasSolver = ({ certificates, acmeChallenge }: Settings): boolean =>
  certificates === 'acme' && acmeChallenge === 'http-01';

const API_SERVER = anywhere(443, 6443);

/** Both kinds of pods that an edge may have. */
const ownEdge = (config: Settings): Spec =>
  policy(EDGE, {
    ingress: [
      anywhere(...Object.values(EDGE_PORTS)),
      ...(config.monitoring === 'none'
        ? []
        : [from(monitoring(config), ...Object.values(HAPROXY_PORTS), CONTROLLER_PORTS.stat)]),
    ],
    egress: [
      to([server], HTTP_PORT, INTERNAL_PORT),
      ...(config.ingress === 'controller' ? [API_SERVER] : []),
      ...(hasSolver(config) ? [to([{ podSelector: SOLVER }], SOLVER_PORT)] : []),
    ],
  });

/**
 * Every opening of the game's namespace, by the policy's name: everything else is shut both ways. Pure.
 * `redisPorts` are those a replica connects to.
 */
export function networkRules(config: Settings, redisPorts: readonly number[]): Record<string, Spec> {
  return {
    'default-deny': { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    'allow-dns': policy({}, { egress: [dns] }),
    [SERVER.cluster]: game(config, redisPorts),
    ...(config.redis === 'external' ? {} : { [REDIS]: redis(config) }),
    ...(config.autoscaling === 'adapter' ? { [METRICS_API]: metricsApi } : {}),
    ...(hasPods(config) ? { edge: ownEdge(config) } : {}),
    ...(config.ingress === 'controller' && hasPods(config)
      ? { 'edge-definitions': policy({ matchLabels: DEFINITIONS_LABELS }, { egress: [API_SERVER] }) }
      : {}),
    ...(hasSolver(config) ? { 'acme-solver': policy(SOLVER, { ingress: [from([edge(config)], SOLVER_PORT)] }) } : {}),
  };
}
