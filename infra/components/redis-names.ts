/** Name of Redis's StatefulSet and Service, and of the primary as Sentinel calls it. */
export const REDIS = 'redis';
export const PRIMARY = 'gridlock';
export const REDIS_PORT = 6379;
export const SENTINEL_PORT = 26_379;
export const SENTINELS = 3;
/** Sentinels that must agree before a primary is replaced. */
export const QUORUM = 2;

/**
 * The pods of the Sentinel topology, each with a Service of its own that keeps its address when the pod
 * changes.
 */
export const memberNames: readonly string[] = Array.from({ length: SENTINELS }, (_, index) => `${REDIS}-${index}`);

/** A Service's name as every pod of the cluster resolves it, whatever the cluster's domain. */
export const serviceHost = (service: string, namespace: string): string => `${service}.${namespace}.svc`;

/** Everything Redis's certificate must name, in any topology: a change of topology needs no new one. */
export const redisDnsNames = (namespace: string): string[] => [
  ...[REDIS, ...memberNames].flatMap((service) => [
    serviceHost(service, namespace),
    `${serviceHost(service, namespace)}.cluster.local`,
  ]),
  REDIS,
  'localhost',
];
