import type { types } from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';

/** The primary as Sentinel calls it. */
export const PRIMARY = 'gridlock';
export const REDIS_PORT = 6379;
export const SENTINEL_PORT = 26_379;
export const SENTINELS = 3;
/** Sentinels that must agree before a primary is replaced. */
export const QUORUM = 2;

/** Base of the names of a cluster's Redis: of its StatefulSet and of the Service of one Redis. */
export const redisName = (cluster: string): string => `${cluster}-redis`;

/** The StatefulSet's own Service. It is the same in every topology, so that a change of topology keeps the set. */
export const headlessName = (cluster: string): string => `${redisName(cluster)}-headless`;

/**
 * The pods of a cluster's Redis; a single Redis has only the first. With Sentinel each has a Service of its name, which
 * keeps its address when the pod changes.
 */
export const memberNames = (cluster: string): string[] =>
  Array.from({ length: SENTINELS }, (_, index) => `${redisName(cluster)}-${index}`);

/** A Service's name that every pod of the cluster can resolve, whatever the cluster's domain. */
export const serviceHost = (service: string, namespace: string): string => `${service}.${namespace}.svc`;

/** Everything Redis's certificate must name, in any topology: a change of topology needs no new one. */
export const redisDnsNames = (cluster: string, namespace: string): string[] => [
  ...[redisName(cluster), ...memberNames(cluster)].flatMap((service) => [
    serviceHost(service, namespace),
    `${serviceHost(service, namespace)}.cluster.local`,
  ]),
  redisName(cluster),
  'localhost',
];

export type EnvVar = types.input.core.v1.EnvVar;

/** Where a container that talks to Redis finds its password and the roots it trusts. */
export const REDIS_PASSWORD_DIRECTORY = '/etc/gridlock/redis';
export const REDIS_TRUST_DIRECTORY = '/etc/gridlock/redis-trust';
export const PASSWORD_KEY = 'password';
export const passwordFile = `${REDIS_PASSWORD_DIRECTORY}/${PASSWORD_KEY}`;

/** The accepted roots, as a ConfigMap of the cluster's namespace. */
export interface Trust {
  readonly configMap: pulumi.Input<string>;
  readonly key: string;
}

/** The certificates for Redis. */
export interface RedisCertificates {
  /** Name of the Secret with `tls.crt` (leaf and intermediate) and `tls.key`. */
  readonly secret: pulumi.Input<string>;
  readonly trust: Trust;
}

/** How a replica reaches Redis, in any topology. */
export interface RedisConnection {
  /** Variables `REDIS_*` of a replica. */
  readonly env: readonly EnvVar[];
  /** Secret with the password, mounted at `REDIS_PASSWORD_DIRECTORY`; undefined when Redis needs none. */
  readonly passwordSecret:
    | {
        readonly name: pulumi.Input<string>;
        readonly key: string;
        /** Key of the password in the form for a URL, when that differs. */
        readonly urlKey?: string;
      }
    | undefined;
  /**
   * Roots of Redis's certificate, mounted at `REDIS_TRUST_DIRECTORY`; undefined for the public ones, or without TLS.
   */
  readonly trust: Trust | undefined;
  /** Changes when the password does: replicas are replaced then. */
  readonly checksum: pulumi.Input<string>;
  /** The resource to wait for before replicas start. */
  readonly ready: pulumi.Resource | undefined;
  /** The ports a replica connects to. */
  readonly ports: readonly number[];
}

const USER = 'gridlock';

/** Common to every Redis of ours: TLS with our roots, and the ACL user of the replicas. */
export const ownRedisEnv = (trust: Trust): EnvVar[] => [
  { name: 'REDIS_USERNAME', value: USER },
  { name: 'REDIS_PASSWORD_FILE', value: passwordFile },
  { name: 'REDIS_TLS', value: 'true' },
  { name: 'REDIS_CA_FILE', value: `${REDIS_TRUST_DIRECTORY}/${trust.key}` },
];

/** In addition with Sentinel, apart from the addresses: the same user, which asks the sentinels for the primary. */
export const sentinelRedisEnv: readonly EnvVar[] = [
  { name: 'REDIS_MASTER_NAME', value: PRIMARY },
  { name: 'REDIS_SENTINEL_USERNAME', value: USER },
  { name: 'REDIS_SENTINEL_PASSWORD_FILE', value: passwordFile },
];
