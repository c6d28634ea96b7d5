import { createHash } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import type { Config } from '../config.ts';
import { isLoopback } from '../edge/options.ts';
import { redisDnsNames, serviceHost } from './redis-names.ts';

/** Names a certificate is for. */
export interface Names {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

export type Leaf = 'edge' | 'redis' | 'metrics-api';
export const LEAVES: readonly Leaf[] = ['edge', 'redis', 'metrics-api'];

/** Name of the Secret with a leaf, its intermediate and its key, in the game's namespace. */
export const secretOf = (leaf: Leaf): string => `gridlock-${leaf}-tls`;

type NamedBy = Pick<Config, 'host' | 'namespace' | 'cluster'>;

function edgeNames({ host, cluster }: NamedBy): Names {
  // A kind cluster's ports are bound to loopback: people come by any of its names.
  const local = cluster === 'kind' || isLoopback(host);
  const address = isIP(host) !== 0;
  return {
    dnsNames: [...new Set([...(address ? [] : [host]), ...(local ? ['localhost'] : [])])],
    ipAddresses: [...new Set([...(address ? [host] : []), ...(local ? ['127.0.0.1', '::1'] : [])])],
  };
}

/** What each leaf must name. */
export function leafNames(config: NamedBy, leaf: Leaf): Names {
  if (leaf === 'edge') return edgeNames(config);
  if (leaf === 'redis') return { dnsNames: redisDnsNames(config.namespace), ipAddresses: [] };
  const service = serviceHost('metrics-api', config.namespace);
  return { dnsNames: [service, `${service}.cluster.local`], ipAddresses: [] };
}

/** All names of all leaves: what their intermediate may sign for, and no other. */
export function allNames(config: NamedBy): Names {
  const all = LEAVES.map((leaf) => leafNames(config, leaf));
  return {
    dnsNames: [...new Set(all.flatMap(({ dnsNames }) => dnsNames))],
    ipAddresses: [...new Set(all.flatMap(({ ipAddresses }) => ipAddresses))],
  };
}

/** `nameConstraints` of an intermediate, as cert-manager wants them. */
export function nameConstraints({ dnsNames, ipAddresses }: Names) {
  const ipRanges = ipAddresses.map((address) => `${address}/${isIPv4(address) ? 32 : 128}`);
  return {
    critical: true,
    permitted: { dnsDomains: dnsNames, ...(ipRanges.length > 0 ? { ipRanges } : {}) },
    // A kind of name that no permitted one mentions would be unconstrained.
    ...(ipRanges.length > 0 ? {} : { excluded: { ipRanges: ['0.0.0.0/0', '::/0'] } }),
  };
}

/** Tells sets of names apart, in eight characters. */
export const fingerprintOf = (names: Names): string =>
  createHash('sha256').update(JSON.stringify(names)).digest('hex').slice(0, 8);
