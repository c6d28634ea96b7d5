import { selectorOf } from '../labels.ts';
import type { PolicySpecs } from './chart-rules.ts';
import { SOLVER, SOLVER_PORT } from './chart-rules.ts';
import {
  DNS,
  denial,
  type EgressRule,
  from,
  fromAnywhere,
  type PodPlace,
  type PolicySpec,
  policyOn,
  to,
  toAnywhere,
} from './rule.ts';

/** The replicas, and who comes to which of their ports. */
export interface ServerOpenings {
  /** Labels of their pods; default: those that `labelsOf` gives them. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Where the edge passes sockets on to. */
  readonly port: number;
  /** Where a plain edge asks whether a replica is ready; default: `port`. */
  readonly checkPort?: number;
  /** Where the readers come to; undefined: the replicas tell no metrics. */
  readonly metricsPort?: number;
  /** Where replicas go, other than to DNS and Redis; default: nowhere. */
  readonly egress?: readonly EgressRule[];
}

/** The edge. One of another namespace is shut there. */
export interface EdgeOpenings {
  /** Its pods: by their labels alone where they are in the cluster's own namespace. */
  readonly place: PodPlace;
  /** Those of an edge in the cluster's own namespace: where clients come to, and where the readers do. */
  readonly own?: { readonly ports: readonly number[]; readonly metricsPorts: readonly number[] };
}

/** Redis: one that is part of the cluster, or one elsewhere at these ports. */
export type RedisOpenings =
  | {
      readonly kind: 'single' | 'sentinel';
      readonly ports: readonly number[];
      /** Labels of its pods; default: those that `labelsOf` gives them. */
      readonly labels?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'external'; readonly ports: readonly number[] };

export interface ClusterRulesArgs {
  readonly cluster: string;
  /**
   * What is shut: the pods of this cluster, or every pod of its namespace. Default: `cluster`, which leaves what else
   * is in the namespace as it is.
   */
  readonly shuts?: 'cluster' | 'namespace' | undefined;
  readonly server: ServerOpenings;
  readonly edge: EdgeOpenings;
  /** Undefined: the replicas use none. */
  readonly redis?: RedisOpenings | undefined;
  /** Who reads the metrics of replicas and of an edge of the cluster's own namespace, such as Prometheus and KEDA. */
  readonly readers?: readonly PodPlace[];
  /** Whether cert-manager answers challenges of an ACME authority over http in this namespace. */
  readonly acmeSolver?: boolean;
}

const redisLabels = (cluster: string, { labels }: { readonly labels?: Readonly<Record<string, string>> }) =>
  labels ?? selectorOf({ cluster, part: 'redis' });

const redisWay = (cluster: string, redis: RedisOpenings): EgressRule =>
  redis.kind === 'external'
    ? toAnywhere(...redis.ports)
    : to([{ labels: redisLabels(cluster, redis) }], ...redis.ports);

const serverLabels = ({ cluster, server }: ClusterRulesArgs) =>
  server.labels ?? selectorOf({ cluster, part: 'server' });

function serverRules(args: ClusterRulesArgs): PolicySpec {
  const { cluster, server, edge, redis, readers = [] } = args;
  const { port, checkPort = port, metricsPort, egress = [] } = server;
  const edgePorts = edge.own && checkPort !== port ? [port, checkPort] : [port];
  return policyOn(serverLabels(args), {
    ingress: [
      from([edge.place], ...edgePorts),
      ...(readers.length > 0 && metricsPort !== undefined ? [from(readers, metricsPort)] : []),
    ],
    egress: [...(redis === undefined ? [] : [redisWay(cluster, redis)]), ...egress],
  });
}

function edgeRules(args: ClusterRulesArgs): PolicySpec | undefined {
  const { server, edge, readers = [] } = args;
  if (edge.own === undefined) return undefined;
  const { port, checkPort = port } = server;
  const { ports, metricsPorts } = edge.own;
  return policyOn(edge.place.labels, {
    ingress: [fromAnywhere(...ports), ...(readers.length > 0 ? [from(readers, ...metricsPorts)] : [])],
    egress: [to([{ labels: serverLabels(args) }], ...(checkPort === port ? [port] : [port, checkPort]))],
  });
}

function redisRules(args: ClusterRulesArgs): PolicySpec | undefined {
  const { cluster, redis } = args;
  if (redis === undefined || redis.kind === 'external') return undefined;
  const [server, own] = [{ labels: serverLabels(args) }, { labels: redisLabels(cluster, redis) }];
  if (redis.kind === 'single') return policyOn(own.labels, { ingress: [from([server], ...redis.ports)] });
  return policyOn(own.labels, {
    ingress: [from([server, own], ...redis.ports)],
    egress: [to([own], ...redis.ports)],
  });
}

/** Every opening of a cluster in its own namespace, by the policy's name: everything else is shut both ways. */
export function clusterRules(args: ClusterRulesArgs): PolicySpecs {
  const { cluster, shuts = 'cluster', edge, acmeSolver = false } = args;
  const all = shuts === 'namespace' ? undefined : { 'app.kubernetes.io/instance': cluster };
  const rules: Record<string, PolicySpec | undefined> = {
    [`${cluster}-default-deny`]: denial(all),
    [`${cluster}-allow-dns`]: policyOn(all, { egress: [DNS] }),
    [cluster]: serverRules(args),
    [`${cluster}-edge`]: edgeRules(args),
    [`${cluster}-redis`]: redisRules(args),
    [`${cluster}-acme-solver`]: acmeSolver
      ? policyOn(SOLVER, { ingress: [from([edge.place], SOLVER_PORT)] })
      : undefined,
  };
  const given = Object.entries(rules).filter((rule): rule is [string, PolicySpec] => rule[1] !== undefined);
  return Object.fromEntries(given);
}
