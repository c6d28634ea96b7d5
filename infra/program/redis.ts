import type * as pulumi from '@pulumi/pulumi';
import type { CertificateSet } from '../components/certificates/certificate-set.ts';
import type { OwnRedisArgs } from '../components/redis/own-redis.ts';
import type { RedisConnection } from '../components/redis/redis-connection.ts';
import { RedisExternal } from '../components/redis/redis-external.ts';
import { RedisSentinel } from '../components/redis/redis-sentinel.ts';
import { RedisSingle } from '../components/redis/redis-single.ts';
import type { Config } from '../config/config.ts';
import { rootsOf, urlOf } from './external-redis.ts';
import { CLUSTER } from './names.ts';
import { isProtected } from './protection.ts';
import { replicaAccess } from './replica-access.ts';

export interface RedisArgs {
  /** Namespace of Redis and of the game. */
  readonly namespace: pulumi.Input<string>;
  /** Redis's certificate and the accepted roots; an external Redis has its own. */
  readonly certificates: Pick<CertificateSet, 'redisSecret' | 'trust'>;
}

/** Redis, and how a replica reaches it; undefined: there is none. */
export function createRedis(
  config: Config,
  { namespace, certificates }: RedisArgs,
  opts?: pulumi.ComponentResourceOptions,
): RedisConnection | undefined {
  const part = { namespace, cluster: CLUSTER, imageMirror: config.imageMirror };
  switch (config.redis) {
    case 'single':
      return new RedisSingle('redis', { ...part, ...ownRedis(config, certificates) }, opts).connection;
    case 'sentinel':
      return new RedisSentinel('redis', { ...part, ...ownRedis(config, certificates) }, opts).connection;
    case 'external': {
      const roots = rootsOf(config);
      return new RedisExternal('redis', { ...part, url: urlOf(config), ...(roots ? { roots } : {}) }, opts).connection;
    }
    case 'none':
      return undefined;
  }
}

function ownRedis(config: Config, { redisSecret, trust }: RedisArgs['certificates']): Omit<OwnRedisArgs, 'namespace'> {
  return {
    // Both are there for every Redis of the stack's own.
    certificates: { secret: redisSecret!, trust: trust! },
    image: config.redisImage,
    persistence: config.redisPersistence,
    memoryMib: config.redisMemoryMib,
    storage: config.redisStorage,
    ...(config.redisStorageClass === '' ? {} : { storageClass: config.redisStorageClass }),
    protect: isProtected(config),
    // A server of the user's may do what it likes.
    ...(config.serverImage === '' ? { access: replicaAccess } : {}),
  };
}
