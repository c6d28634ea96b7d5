// The settings of a cloud's load balancer, as annotations of the edge's Service.

/** Clusters whose load balancers need settings. */
export type Cloud = 'eks' | 'gke' | 'aks';

const AWS = 'service.beta.kubernetes.io/aws-load-balancer';
const AZURE = 'service.beta.kubernetes.io/azure-load-balancer';
/** The longest that every version allows, in minutes. By default, a socket that is silent for 4 minutes is cut. */
const AZURE_IDLE_MINUTES = 30;

export interface LoadBalancerOptions {
  readonly proxyProtocol?: boolean;
  /** The name that external-dns makes a record for. */
  readonly dnsName?: string;
}

/** The annotations that make a cloud's load balancer fit an edge, and let external-dns publish its name. */
export const loadBalancerAnnotations = (
  cloud: Cloud | undefined,
  { proxyProtocol = false, dnsName }: LoadBalancerOptions = {},
): Record<string, string> => ({
  ...(cloud === undefined ? {} : ANNOTATIONS[cloud](proxyProtocol)),
  ...externalDnsAnnotations(dnsName),
});

/** The annotations of a Service or an Ingress that external-dns reads. */
export const externalDnsAnnotations = (dnsName: string | undefined): Record<string, string> =>
  dnsName === undefined ? {} : { 'external-dns.alpha.kubernetes.io/hostname': dnsName };

const ANNOTATIONS: Readonly<Record<Cloud, (proxyProtocol: boolean) => Record<string, string>>> = {
  eks: (proxyProtocol) => ({
    [`${AWS}-type`]: 'external',
    [`${AWS}-scheme`]: 'internet-facing',
    [`${AWS}-nlb-target-type`]: 'ip',
    [`${AWS}-target-group-attributes`]: [
      `proxy_protocol_v2.enabled=${proxyProtocol}`,
      // A leaving pod keeps its sockets until it is gone, because it drains by itself.
      'deregistration_delay.connection_termination.enabled=false',
    ].join(','),
  }),
  // A passthrough load balancer: it keeps the addresses of clients, and their connections while a pod drains.
  gke: () => ({ 'cloud.google.com/l4-rbs': 'enabled' }),
  aks: () => ({ [`${AZURE}-tcp-idle-timeout`]: String(AZURE_IDLE_MINUTES) }),
};
