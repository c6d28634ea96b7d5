import { createHash } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import type * as pulumi from '@pulumi/pulumi';
import { isLoopback } from '../../edge/options.ts';
import type { PartArgs } from '../part.ts';

/** Where pods find the roots they accept. */
export interface TrustSource {
  /** Name of the ConfigMap, in the cluster's namespace. */
  readonly configMap: pulumi.Output<string>;
  /** Its key with all accepted roots as PEM. */
  readonly key: string;
}

/** The certificates of a cluster, wherever they come from. */
export interface CertificateSet {
  /**
   * Names of Secrets of type `kubernetes.io/tls` in the cluster's namespace; each is known once the Secret is there.
   * `tls.crt` has the leaf and the certificates between it and its root.
   */
  readonly edgeSecret: pulumi.Output<string>;
  /** Undefined in a cluster without its own Redis. */
  readonly redisSecret: pulumi.Output<string> | undefined;
  /** The roots that pods accept from each other; undefined where no certificate of theirs comes from them. */
  readonly trust: TrustSource | undefined;
  /** All roots of the chain as PEM. Clients of the edge need them unless the root is a public one. */
  readonly rootCertificate: pulumi.Output<string>;
}

/** Names a certificate is for. */
export interface Names {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

export const LEAVES = ['edge', 'redis'] as const;
export type Leaf = (typeof LEAVES)[number];

/** The names of each certificate. Without `redis` there is none for Redis. */
export interface LeafNames {
  readonly edge: pulumi.Input<Names>;
  readonly redis?: pulumi.Input<Names> | undefined;
}

export interface CertificatesArgs extends PartArgs {
  /** The names of the edge, and of Redis where the cluster has its own. */
  readonly names: LeafNames;
}

/** Name of the Secret with a leaf, its intermediate and its key, in the cluster's namespace. */
export const secretOf = (cluster: string, leaf: Leaf): string => `${cluster}-${leaf}-tls`;

/** The names in the edge's certificate for a host; `local`: clients also use the names of their own machine. */
export function namesOfHost(host: string, local = isLoopback(host)): Names {
  const address = isIP(host) !== 0;
  return {
    dnsNames: [...new Set([...(address ? [] : [host]), ...(local ? ['localhost'] : [])])],
    ipAddresses: [...new Set([...(address ? [host] : []), ...(local ? ['127.0.0.1', '::1'] : [])])],
  };
}

/** All names of several certificates: what their intermediate may sign for, and no other. */
export const union = (all: readonly Names[]): Names => ({
  dnsNames: [...new Set(all.flatMap(({ dnsNames }) => dnsNames))],
  ipAddresses: [...new Set(all.flatMap(({ ipAddresses }) => ipAddresses))],
});

/** `nameConstraints` of an intermediate, in cert-manager's form. */
export function nameConstraints({ dnsNames, ipAddresses }: Names) {
  const ipRanges = ipAddresses.map((address) => `${address}/${isIPv4(address) ? 32 : 128}`);
  return {
    critical: true,
    permitted: { dnsDomains: dnsNames, ...(ipRanges.length > 0 ? { ipRanges } : {}) },
    // A kind of name that no permitted one mentions would be unconstrained.
    ...(ipRanges.length > 0 ? {} : { excluded: { ipRanges: ['0.0.0.0/0', '::/0'] } }),
  };
}

/** Distinguishes sets of names, in eight characters. */
export const fingerprintOf = (names: Names): string =>
  createHash('sha256').update(JSON.stringify(names)).digest('hex').slice(0, 8);
