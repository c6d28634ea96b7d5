// How the configuration of a stack becomes the openings in its namespace.
import { toAnywhere } from '../components/network-policies/rule.ts';
import type { PolicyOptions } from '../components/web-socket-cluster-args.ts';
import type { Config } from '../config/config.ts';
import { prometheus } from './scaling.ts';

/** The namespace is the stack's, so all of it is closed. */
export function policiesOf(config: Config): PolicyOptions {
  const { serverImage, jwtJwksUrl } = config;
  const reader = prometheus(config);
  return {
    shuts: 'namespace',
    // Gridlock's server checks which certificate the edge serves.
    serverSeesEdge: serverImage === '',
    // The keys of the issuer are outside the cluster, under a name whose addresses change.
    egress: jwtJwksUrl === '' ? [] : [toAnywhere(Number(new URL(jwtJwksUrl).port || 443))],
    readers: reader ? [reader] : [],
  };
}
