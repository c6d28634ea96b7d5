import type { Config } from '../config.ts';

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
