import { selectorOf } from '../labels.ts';
import type { PolicySpecs } from './chart-rules.ts';
import { SOLVER, SOLVER_PORT } from './chart-rules.ts';
import {
  API_SERVER,
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

/** The replicas, and the pods that reach each of their ports. */
export interface ServerOpenings {
  /** The port to which the edge passes sockets on. */
  readonly port: number;
  /** Port of the readiness check of a plain edge; default: `port`. */
  readonly checkPort?: number;
  /** Port of the metrics; undefined when the replicas have none. */
  readonly metricsPort?: number;
  /** Destinations of the replicas other than DNS and Redis; default: none. */
  readonly egress?: readonly EgressRule[];
}

/** The edge. In another namespace, policies there close it. */
export interface EdgeOpenings {
  /** Its pods; only labels when they are in the cluster's own namespace. */
  readonly place: PodPlace;
  /** Ports of an edge in the cluster's own namespace: for clients, and for readers of metrics. */
  readonly own?: {
    readonly ports: readonly number[];
    readonly metricsPorts: readonly number[];
    /** Whether it asks the API server, as an ingress controller does. Default: false. */
    readonly asksApiServer?: boolean;
    /** Labels of pods that only call the API server, such as a job that makes definitions for a controller. */
    readonly definitions?: Readonly<Record<string, string>>;
  };
}

/** Redis, which is part of the cluster or external. */
export interface RedisOpenings {
  readonly kind: 'single' | 'sentinel' | 'external';
  /** The ports that replicas connect to; with Sentinel also those of its pods among each other. */
  readonly ports: readonly number[];
}

export interface ClusterRulesArgs {
  readonly cluster: string;
  /**
   * What to close: the pods of this cluster, or every pod of its namespace. Default: `cluster`, which leaves other pods
   * of the namespace as they are.
   */
  readonly shuts?: 'cluster' | 'namespace' | undefined;
  readonly server: ServerOpenings;
  readonly edge: EdgeOpenings;
  /** Undefined: the replicas use none. */
  readonly redis?: RedisOpenings | undefined;
  /**
   * Pods that read the metrics of replicas and of an edge in the cluster's own namespace, such as Prometheus and KEDA.
   */
  readonly readers?: readonly PodPlace[];
  /** Whether cert-manager answers challenges of an ACME authority over http in this namespace. */
  readonly acmeSolver?: boolean;
}

/** Pods of a part of the cluster. */
const podsOf = ({ cluster }: ClusterRulesArgs, part: 'server' | 'redis'): Required<Pick<PodPlace, 'labels'>> => ({
  labels: selectorOf({ cluster, part }),
});

function serverRules(args: ClusterRulesArgs): PolicySpec {
  const { server, edge, redis, readers = [] } = args;
  const { port, checkPort = port, metricsPort, egress = [] } = server;
  const edgePorts = edge.own && checkPort !== port ? [port, checkPort] : [port];
  return policyOn(podsOf(args, 'server').labels, {
    ingress: [
      from([edge.place], ...edgePorts),
      ...(readers.length > 0 && metricsPort !== undefined ? [from(readers, metricsPort)] : []),
    ],
    egress: [
      ...(redis === undefined
        ? []
        : [redis.kind === 'external' ? toAnywhere(...redis.ports) : to([podsOf(args, 'redis')], ...redis.ports)]),
      ...egress,
    ],
  });
}

function edgeRules(args: ClusterRulesArgs): PolicySpec | undefined {
  const { server, edge, readers = [], acmeSolver = false } = args;
  if (edge.own === undefined) return undefined;
  const { port, checkPort = port } = server;
  const { ports, metricsPorts, asksApiServer = false } = edge.own;
  return policyOn(edge.place.labels, {
    ingress: [fromAnywhere(...ports), ...(readers.length > 0 ? [from(readers, ...metricsPorts)] : [])],
    egress: [
      to([podsOf(args, 'server')], ...(checkPort === port ? [port] : [port, checkPort])),
      ...(asksApiServer ? [API_SERVER] : []),
      ...(acmeSolver ? [to([{ labels: SOLVER }], SOLVER_PORT)] : []),
    ],
  });
}

function redisRules(args: ClusterRulesArgs): PolicySpec | undefined {
  const { redis } = args;
  if (redis === undefined || redis.kind === 'external') return undefined;
  const [server, own] = [podsOf(args, 'server'), podsOf(args, 'redis')];
  if (redis.kind === 'single') return policyOn(own.labels, { ingress: [from([server], ...redis.ports)] });
  return policyOn(own.labels, {
    ingress: [from([server, own], ...redis.ports)],
    egress: [to([own], ...redis.ports)],
  });
}

/** Every opening of a cluster in its own namespace, by the policy's name. Everything else is closed both ways. */
export function clusterRules(args: ClusterRulesArgs): PolicySpecs {
  const { cluster, shuts = 'cluster', edge, acmeSolver = false } = args;
  const all = shuts === 'namespace' ? undefined : { 'app.kubernetes.io/instance': cluster };
  const rules: Record<string, PolicySpec | undefined> = {
    [`${cluster}-default-deny`]: denial(all),
    [`${cluster}-allow-dns`]: policyOn(all, { egress: [DNS] }),
    [cluster]: serverRules(args),
    [`${cluster}-edge`]: edgeRules(args),
    [`${cluster}-edge-definitions`]: edge.own?.definitions && policyOn(edge.own.definitions, { egress: [API_SERVER] }),
    [`${cluster}-redis`]: redisRules(args),
    [`${cluster}-acme-solver`]: acmeSolver
      ? policyOn(SOLVER, { ingress: [from([edge.place], SOLVER_PORT)] })
      : undefined,
  };
  const given = Object.entries(rules).filter((rule): rule is [string, PolicySpec] => rule[1] !== undefined);
  return Object.fromEntries(given);
}
