// The parts of a stack that the configuration chooses between.
import type * as pulumi from '@pulumi/pulumi';
import type { Cluster } from '../cluster/cluster.ts';
import { AcmeCertificates } from '../components/certificates/acme-certificates.ts';
import { CertificateChain } from '../components/certificates/certificate-chain.ts';
import { CertificateFiles } from '../components/certificates/certificate-files.ts';
import type { CertificateSet, CertificatesArgs } from '../components/certificates/certificate-set.ts';
import type { OwnRedisArgs } from '../components/redis/own-redis.ts';
import type { RedisCertificates, RedisConnection } from '../components/redis/redis-connection.ts';
import { RedisExternal } from '../components/redis/redis-external.ts';
import { RedisSentinel } from '../components/redis/redis-sentinel.ts';
import { RedisSingle } from '../components/redis/redis-single.ts';
import { type Config, ConfigError } from '../config/config.ts';
import { rootsOf, urlOf } from './external-redis.ts';
import { replicaAccess } from './replica-access.ts';

type Options = pulumi.ComponentResourceOptions;

/** The cluster. Each kind is loaded on demand: what EKS needs takes a second. */
export async function createCluster(config: Config): Promise<Cluster> {
  switch (config.cluster) {
    case 'kind':
      return new (await import('../cluster/kind.ts')).KindCluster('cluster', config);
    case 'existing':
    case 'gke':
    case 'aks':
      return new (await import('../cluster/existing.ts')).ExistingCluster('cluster', config);
    case 'eks':
      return new (await import('../cluster/eks.ts')).EksCluster('cluster', config);
  }
}

/** The certificates: an own chain, the edge's by ACME, or all from files. */
export function createCertificates(name: string, args: CertificatesArgs, opts?: Options): CertificateSet {
  switch (args.config.certificates) {
    case 'cert-manager':
      return new CertificateChain(name, args, opts);
    case 'acme':
      return new AcmeCertificates(name, args, opts);
    case 'files':
      return new CertificateFiles(name, args, opts);
  }
}

/** Name of Gridlock's own cluster, which that of each object begins with. */
export const CLUSTER = 'gridlock';

export interface RedisArgs {
  /** Namespace of Redis and of the game. */
  readonly namespace: pulumi.Input<string>;
  /** Redis's certificate and the accepted roots; an external Redis has its own. */
  readonly certificates: RedisCertificates;
}

/** Redis, and how a replica reaches it. */
export function createRedis(config: Config, args: RedisArgs, opts?: Options): RedisConnection {
  const part = { namespace: args.namespace, cluster: CLUSTER, imageMirror: config.imageMirror };
  const own: OwnRedisArgs = {
    ...part,
    certificates: args.certificates,
    image: config.redisImage,
    persistence: config.redisPersistence,
    memoryMib: config.redisMemoryMib,
    storage: config.redisStorage,
    access: replicaAccess,
  };
  switch (config.redis) {
    case 'single':
      return new RedisSingle('redis', own, opts).connection;
    case 'sentinel':
      return new RedisSentinel('redis', own, opts).connection;
    case 'external': {
      const roots = rootsOf(config);
      return new RedisExternal('redis', { ...part, url: urlOf(config), ...(roots ? { roots } : {}) }, opts).connection;
    }
    case 'none':
      throw new ConfigError('redis is none, and the replicas need one.');
  }
}
