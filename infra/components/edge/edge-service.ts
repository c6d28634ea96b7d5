import type * as pulumi from '@pulumi/pulumi';
import type { Config } from '../../config/config.ts';
import type { CertificateSet } from '../certificates/certificate-set.ts';

export interface EdgeArgs {
  readonly config: Config;
  /** Namespace of the game. */
  readonly namespace: pulumi.Input<string>;
  /** The replicas: a Service, and one with an address for each. */
  readonly game: { readonly service: pulumi.Input<string>; readonly headlessService: pulumi.Input<string> };
  readonly certificates: Pick<CertificateSet, 'edgeSecret'>;
  /** Image of the game, which has the certificate agent too. */
  readonly image: pulumi.Input<string>;
}

/** The way into the cluster. */
export interface Edge {
  /** Where people play, known once the edge serves. */
  readonly url: pulumi.Output<string>;
  /** Name or address of the load balancer, for the host's DNS entry; loopback on kind. */
  readonly address: pulumi.Output<string>;
}

/** The class of Ingress objects that our controller serves. */
export const INGRESS_CLASS = 'haproxy';
/** Namespace and release of the controller. */
export const CONTROLLER_NAMESPACE = 'haproxy-controller';
export const CONTROLLER = 'kubernetes-ingress';

/** What pods of the edge are called, for network policies and for what watches them. */
export const EDGE = 'edge';

/** Ports of the edge's containers: above 1024, which needs no privilege. */
export const EDGE_PORTS = Object.freeze({ https: 8443, http: 8080 });
/** Ports of a node: on kind mapped to those people connect to, elsewhere known to whatever is in front. */
export const NODE_PORTS = Object.freeze({ https: 30_443, http: 30_080 });

type ReachedBy = Pick<Config, 'cluster' | 'ingressService'>;
type SizedBy = Pick<Config, 'replicas' | 'maxReplicas' | 'autoscaling'>;

/** Room for replicas at the edge: in a rollout each may be there twice, as the old one and the new. */
export const serverSlots = ({ replicas, maxReplicas, autoscaling }: SizedBy): number =>
  2 * (autoscaling === 'none' ? replicas : Math.max(replicas, maxReplicas));

/** Whether the edge counts what it refuses: a controller of others does not do it for us. */
export const countsRefusals = ({ ingress, charts }: Pick<Config, 'ingress' | 'charts'>): boolean =>
  ingress === 'haproxy' || charts.ingress.install;

/** What the edge's Service is: told by the configuration, or by what the cluster can do. */
export const serviceType = ({ cluster, ingressService }: ReachedBy) =>
  ingressService === 'auto' ? (cluster === 'kind' ? 'NodePort' : 'LoadBalancer') : ingressService;

/** The ports that every node has for the edge; undefined where a balancer needs none that it knows. */
export const nodePorts = (config: ReachedBy): typeof NODE_PORTS | undefined =>
  config.cluster === 'kind' || serviceType(config) === 'NodePort' ? NODE_PORTS : undefined;

interface ServiceStatus {
  loadBalancer?: { ingress?: readonly { hostname?: string; ip?: string }[] };
}

/** Name or address of the load balancer that a Service was given; loopback where it has none. */
export function balancerAddress(status: ServiceStatus | undefined): string {
  const [given] = status?.loadBalancer?.ingress ?? [];
  return given?.hostname ?? given?.ip ?? '127.0.0.1';
}

/** Part of a Service: who it is for, and that a balancer's clients keep their addresses. */
export const serviceReach = (config: Pick<Config, 'cluster' | 'ingressService' | 'proxyProtocol'>) => ({
  type: serviceType(config),
  // From node to node the client's address would be lost; the PROXY protocol tells it anyway.
  ...(serviceType(config) === 'LoadBalancer' && !config.proxyProtocol ? { externalTrafficPolicy: 'Local' } : {}),
});

const PREFIX = 'service.beta.kubernetes.io/aws-load-balancer';

/** Annotations of the edge's Service by which the cloud's load balancer is what the edge expects. */
export function loadBalancerAnnotations(config: Pick<Config, 'cluster' | 'proxyProtocol'>): Record<string, string> {
  if (config.cluster !== 'eks') return {};
  return {
    [`${PREFIX}-type`]: 'external',
    [`${PREFIX}-scheme`]: 'internet-facing',
    [`${PREFIX}-nlb-target-type`]: 'ip',
    [`${PREFIX}-target-group-attributes`]: [
      `proxy_protocol_v2.enabled=${config.proxyProtocol}`,
      // A pod that leaves keeps its sockets until it is gone: it drains by itself.
      'deregistration_delay.connection_termination.enabled=false',
    ].join(','),
  };
}
