// How the configuration of a stack becomes the openings in its namespace.
import { toAnywhere } from '../components/network-policies/rule.ts';
import type { PolicyOptions } from '../components/web-socket-cluster-args.ts';
import type { Config } from '../config/config.ts';
import { collectorPort } from '../config/traces.ts';
import { prometheus } from './scaling.ts';

/** The namespace is the stack's, so all of it is closed. */
export function policiesOf(config: Config): PolicyOptions {
  const { serverImage, jwtJwksUrl } = config;
  const reader = prometheus(config);
  const collector = collectorPort(config);
  return {
    shuts: 'namespace',
    // Gridlock's server checks which certificate the edge serves.
    serverSeesEdge: serverImage === '',
    egress: [
      // The keys of the issuer are outside the cluster, under a name whose addresses change.
      ...(jwtJwksUrl === '' ? [] : [toAnywhere(Number(new URL(jwtJwksUrl).port || 443))]),
      // A collector is in another namespace, or outside.
      ...(collector === undefined ? [] : [toAnywhere(collector)]),
    ],
    readers: reader ? [reader] : [],
  };
}
