import type * as pulumi from '@pulumi/pulumi';
import {
  type EdgeLimits,
  type EdgeSettings,
  type EdgeTraces,
  type ServerBehind,
  USUAL_LIMITS,
} from '../../edge/settings.ts';
import type { ChartPlace } from '../artifacts.ts';
import type { PartArgs, PodOptions } from '../part.ts';

/** The replicas behind an edge: a Service, and one with an address for each. */
export interface ServedReplicas {
  readonly service: pulumi.Input<string>;
  readonly headlessService: pulumi.Input<string>;
  /** Port of the pods, and of both Services, where sockets are passed on to; the name of the Services' port is `http`. */
  readonly port: number;
  /** Port of the readiness check of the plain edge; default: `port`. */
  readonly checkPort?: number;
  /** The largest number of replicas, old and new ones of a rollout together. */
  readonly slots: number;
}

/** The Service by which clients reach the edge. */
export interface EdgeServiceOptions {
  /** Default: `LoadBalancer`. */
  readonly type?: 'LoadBalancer' | 'NodePort' | 'ClusterIP';
  /** Settings of the cloud's load balancer and external-dns. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Fixed ports of the nodes; undefined: the cluster chooses. */
  readonly nodePorts?: { readonly https: number; readonly http: number };
}

/** The arguments of both kinds of edge, and of an edge on an existing controller. */
export interface CommonEdgeArgs extends PartArgs {
  /** The name or address that clients connect to. */
  readonly host: string;
  /** The ports that they connect to; default: 443 and 80. */
  readonly ports?: { readonly https: number; readonly http: number };
  /** The server behind the edge: your own, or Gridlock's replicas. */
  readonly server: ServerBehind;
  readonly replicas: ServedReplicas;
  /** Secret of type `kubernetes.io/tls` in the same namespace. */
  readonly certificateSecret: pulumi.Input<string>;
  /** A missing value is that of `USUAL_LIMITS`. */
  readonly limits?: Partial<EdgeLimits>;
  /** Default: 1.3. */
  readonly tlsMinVersion?: '1.2' | '1.3';
  /** Makes the edge begin traces; default: it begins none. */
  readonly traces?: EdgeTraces | undefined;
}

/** The arguments of an edge with its own pods. */
export interface OwnEdgeArgs extends CommonEdgeArgs {
  /** Number of pods; default: 2. */
  readonly pods?: number;
  readonly pod?: PodOptions;
  readonly service?: EdgeServiceOptions;
  /**
   * Whether a balancer in front sends the client's address by the PROXY protocol. No client can then connect without
   * it; default: false.
   */
  readonly proxyProtocol?: boolean;
}

/** A plain HAProxy: everything is in one namespace. */
export interface HaproxyEdgeArgs extends OwnEdgeArgs {
  readonly kind: 'haproxy';
  /** Default: `haproxy:3.2`. */
  readonly haproxyImage?: string;
  /** Image with `/app/edge-agent.mjs`, which replaces the certificate and drains the pod. */
  readonly agentImage: pulumi.Input<string>;
}

/** The pods of a plain HAProxy, with further arguments. */
export interface HaproxyEdgePodsArgs extends HaproxyEdgeArgs {
  readonly cluster: string;
  /** The key behind the sticky cookie. */
  readonly cookieKey: pulumi.Input<string>;
}

/** HAProxy's ingress controller, for this edge alone. */
export interface ControllerEdgeArgs extends OwnEdgeArgs {
  readonly kind: 'controller';
  /** The source of the chart that makes the class and the definitions of the custom resources. */
  readonly chart: ChartPlace;
  /** Default: the version that the chart is pinned with. */
  readonly controllerImage?: string;
}

/** HAProxy's ingress controller that the cluster has already. It keeps its own settings. */
export interface ExistingControllerArgs extends CommonEdgeArgs {
  readonly kind: 'existing-controller';
  /** The class that it serves; default: `haproxy`. */
  readonly ingressClass?: string;
  /** Of the Ingress, such as those of external-dns. */
  readonly annotations?: Readonly<Record<string, string>>;
}

export type EdgeArgs = HaproxyEdgeArgs | ControllerEdgeArgs | ExistingControllerArgs;

/** The entrance of the cluster. */
export interface EdgeOutputs {
  /** Where clients connect to, known once the edge serves. */
  readonly url: pulumi.Output<string>;
  /** Name or address of the load balancer, for the host's DNS entry; loopback where there is none. */
  readonly address: pulumi.Output<string>;
}

/** The options that the edge is rendered from. */
export const settingsOf = ({
  host,
  ports,
  server,
  limits,
  tlsMinVersion = '1.3',
  traces,
}: CommonEdgeArgs): EdgeSettings => ({
  host,
  port: ports?.https ?? 443,
  httpPort: ports?.http ?? 80,
  tlsMinVersion,
  ...(traces === undefined ? {} : { traces }),
  server,
  ...USUAL_LIMITS,
  ...limits,
});

/** `https://chat.example` */
export function edgeUrl({ host, port }: EdgeSettings): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `https://${name}${port === 443 ? '' : `:${port}`}/`;
}
