import type * as pulumi from '@pulumi/pulumi';
import type { EdgeLimits, EdgeTraces, ServerBehind, Stickiness } from '../edge/settings.ts';
import type { AutoscalingArgs } from './autoscaling/autoscaling.ts';
import type { AcmeCertificatesArgs } from './certificates/acme-certificates.ts';
import type { CertificateChainArgs } from './certificates/certificate-chain.ts';
import type { CertificateFilesArgs } from './certificates/certificate-files.ts';
import type { Names } from './certificates/certificate-set.ts';
import type { ControllerEdgeArgs, ExistingControllerArgs, HaproxyEdgeArgs } from './edge/edge-args.ts';
import type { MonitoringArgs } from './monitoring/monitoring.ts';
import type { EgressRule, PodPlace } from './network-policies/rule.ts';
import type { Transform } from './part.ts';
import type { OwnRedisArgs } from './redis/own-redis.ts';
import type { RedisExternalArgs } from './redis/redis-external.ts';
import type { ReplicasArgs } from './replicas/replicas-args.ts';

/** The server to run. */
type Server = Pick<
  ReplicasArgs,
  | 'image'
  | 'port'
  | 'command'
  | 'args'
  | 'environment'
  | 'secretEnvironment'
  | 'files'
  | 'writableDirectories'
  | 'readsRedisFiles'
  | 'health'
  | 'readiness'
  | 'liveness'
  | 'metrics'
  | 'drain'
  | 'resources'
  | 'runAs'
  | 'acrossZones'
  | 'pod'
>;

/** The arguments that the cluster itself passes to a part. */
type Told = 'namespace' | 'cluster' | 'imageMirror';
type ToldEdge =
  | Told
  | 'kind'
  | 'host'
  | 'ports'
  | 'server'
  | 'replicas'
  | 'certificateSecret'
  | 'limits'
  | 'tlsMinVersion'
  | 'traces';

/** The edge: one of these. */
export interface EdgeChoice {
  /** A plain HAProxy. */
  readonly haproxy?: Omit<HaproxyEdgeArgs, ToldEdge>;
  /** HAProxy's ingress controller, for this cluster alone. */
  readonly controller?: Omit<ControllerEdgeArgs, ToldEdge>;
  /** HAProxy's ingress controller that the cluster already has. */
  readonly existingController?: Omit<ExistingControllerArgs, ToldEdge> & {
    /** Its pods, for the policies and for readers of its sessions; default: those that its chart makes. */
    readonly pods?: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  };
}

/** The source of the edge's certificate: one of these. */
export interface CertificatesChoice {
  /** A private chain by cert-manager: root, intermediate, leaf. */
  readonly chain?: Omit<CertificateChainArgs, Told | 'names'>;
  /** The edge's certificate by ACME; that of Redis from a private chain. */
  readonly acme?: Omit<AcmeCertificatesArgs, Told | 'names'>;
  /** Certificates that you made. */
  readonly files?: Omit<CertificateFilesArgs, Told>;
}

/** Redis for the server: one of these, or none. */
export interface RedisChoice {
  /** One, with its file on a volume. */
  readonly single?: Omit<OwnRedisArgs, Told | 'certificates'>;
  /** Three, one of which Sentinel makes the primary. */
  readonly sentinel?: Omit<OwnRedisArgs, Told | 'certificates'>;
  /** An existing Redis. */
  readonly external?: Omit<RedisExternalArgs, Told>;
}

/** How the number of replicas follows that of sockets. */
export interface ScalingOptions extends Pick<AutoscalingArgs, 'cpu' | 'keda' | 'metricsServer'> {
  /** Open sockets of a replica above which one is added. */
  readonly socketsPerReplica: number;
  /** The largest number of replicas. */
  readonly max: number;
  /** Name of the gauge of open sockets in `metrics`; default: the sessions that the edge counts. */
  readonly gauge?: string;
}

/** Openings in the network beyond those between the parts of the cluster. */
export interface PolicyOptions {
  /** What to close: the pods of this cluster, or every pod of its namespace. Default: `cluster`. */
  readonly shuts?: 'cluster' | 'namespace';
  /** Destinations of the replicas other than DNS and Redis; default: none. */
  readonly egress?: readonly EgressRule[];
  /** Whether the replicas may connect to the edge, at its Service. */
  readonly serverSeesEdge?: boolean;
  /** Further readers of metrics, such as Prometheus. */
  readonly readers?: readonly PodPlace[];
}

/** Options of the monitoring. */
export type MonitoringOptions = Pick<MonitoringArgs, 'others' | 'stack'>;

export interface WebSocketClusterArgs extends Server {
  /** Namespace of all objects except those of the whole Kubernetes cluster. */
  readonly namespace: pulumi.Input<string>;
  /** Put before the reference of every image except that of the server, such as `mirror.example/images`. */
  readonly imageMirror?: string | undefined;
  /** The number of replicas, or the least number when they are scaled; default: 3. */
  readonly replicas?: number;
  /** Scales the replicas by KEDA on open sockets; default: their number is fixed. */
  readonly autoscaling?: ScalingOptions | undefined;
  /** The name or address that clients connect to. */
  readonly host: string;
  /** The ports that they connect to; default: 443 and 80. */
  readonly ports?: { readonly https: number; readonly http: number };
  /** Only these paths, and what is below them, reach the server; default: every path. */
  readonly socketPaths?: readonly string[];
  /** What keeps a client at one replica; default: a cookie. */
  readonly stickiness?: Stickiness;
  /** The limits of the edge, in all and for one address. A missing value is that of `USUAL_LIMITS`. */
  readonly limits?: Partial<EdgeLimits>;
  /** Oldest version of TLS; default: 1.3. */
  readonly tlsMinVersion?: '1.2' | '1.3';
  /**
   * Makes the edge begin a trace for each request, in the header `traceparent`; default: it passes on what clients send.
   * Set the variables for the server's own spans in `environment`.
   */
  readonly traces?: EdgeTraces | undefined;
  readonly edge: EdgeChoice;
  /** Default: a private chain, by the cert-manager and trust-manager of the Kubernetes cluster. */
  readonly certificates?: CertificatesChoice;
  /** The names in the edge's certificate; default: the host. */
  readonly certificateNames?: Names;
  /** Where replicas find the accepted roots, as `roots.pem`, if they are to tell their clients. */
  readonly rootsDirectory?: string;
  /** Default: none. */
  readonly redis?: RedisChoice;
  /** Closes the network except for what the parts need. Default: no further openings; `false`: no policies. */
  readonly networkPolicies?: PolicyOptions | false;
  /** Lets the Prometheus Operator watch the cluster; default: no monitoring. */
  readonly monitoring?: MonitoringOptions | undefined;
  /** Gridlock's own server, whose paths and stickiness the edge knows. */
  readonly gridlock?: Extract<ServerBehind, { design: string }>;
  /** Changes the arguments of any Kubernetes object, for changes that no other argument makes. */
  readonly transform?: Transform;
}

/** The one alternative that was chosen. @throws when there are several, or none where one is needed. */
export function chosen<Choice extends object>(
  what: string,
  choice: Choice | undefined,
): { [Kind in keyof Choice]-?: [Kind, NonNullable<Choice[Kind]>] }[keyof Choice] | undefined {
  const given = Object.entries(choice ?? {}).filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    throw new Error(`${what} has ${given.map(([name]) => name).join(' and ')}: a WebSocket cluster takes one of them.`);
  }
  return given[0] as ReturnType<typeof chosen<Choice>>;
}

/** @throws for arguments that contradict each other, before anything is made */
export function checkArgs(name: string, args: WebSocketClusterArgs): void {
  if (chosen('edge', args.edge) === undefined) {
    throw new Error('edge is empty: give haproxy, controller or existingController.');
  }
  chosen('certificates', args.certificates);
  const redis = chosen('redis', args.redis)?.[0];
  const { files } = args.certificates ?? {};
  if (files && files.redis === undefined && (redis === 'single' || redis === 'sentinel')) {
    throw new Error(`${name} runs Redis, and has no certificate for it: give certificates.files.redis.`);
  }
  const gauge = args.autoscaling?.gauge;
  if (gauge !== undefined && args.metrics === undefined) {
    throw new Error(`${name} is scaled on the gauge ${gauge}, and has no metrics: name their path in metrics.path.`);
  }
}
