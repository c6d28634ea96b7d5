import { createHash } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import type * as pulumi from '@pulumi/pulumi';
import type { Config } from '../../config/config.ts';
import { isLoopback } from '../../edge/options.ts';
import { redisDnsNames, serviceHost } from '../redis/redis-connection.ts';

/** Where pods find the roots they accept. */
export interface TrustSource {
  /** Name of the ConfigMap, in the game's namespace. */
  readonly configMap: pulumi.Output<string>;
  /** Its key with all accepted roots as PEM. */
  readonly key: string;
}

/** The certificates of a cluster, wherever they come from. */
export interface CertificateSet {
  /**
   * Names of Secrets of type `kubernetes.io/tls` in the game's namespace; each is known once the Secret is
   * there. `tls.crt` has the leaf and what is between it and its root.
   */
  readonly edgeSecret: pulumi.Output<string>;
  readonly redisSecret: pulumi.Output<string>;
  readonly metricsApiSecret: pulumi.Output<string>;
  /** The roots that pods accept from each other. */
  readonly trust: TrustSource;
  /**
   * All roots that vouch for the chain as PEM; what clients of the edge need unless it is one of the public
   * ones.
   */
  readonly rootCertificate: pulumi.Output<string>;
}

export interface CertificatesArgs {
  readonly config: Config;
  /** Namespace of the game. */
  readonly namespace: pulumi.Input<string>;
}

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
  if (leaf === 'redis') return { dnsNames: redisDnsNames('gridlock', config.namespace), ipAddresses: [] };
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
