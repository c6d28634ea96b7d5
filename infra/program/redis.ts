// How the configuration of a stack becomes its Redis.
import type { RedisChoice } from '../components/web-socket-cluster-args.ts';
import type { Config } from '../config/config.ts';
import { rootsOf, urlOf } from './external-redis.ts';
import { isProtected } from './protection.ts';
import { replicaAccess } from './replica-access.ts';

/** Redis for the replicas; empty without one. */
export function redisOf(config: Config): RedisChoice {
  switch (config.redis) {
    case 'single':
      return { single: ownRedis(config) };
    case 'sentinel':
      return { sentinel: ownRedis(config) };
    case 'external': {
      const roots = rootsOf(config);
      return { external: { url: urlOf(config), ...(roots ? { roots } : {}) } };
    }
    case 'none':
      return {};
  }
}

const ownRedis = (config: Config): NonNullable<RedisChoice['single']> => ({
  image: config.redisImage,
  persistence: config.redisPersistence,
  memoryMib: config.redisMemoryMib,
  storage: config.redisStorage,
  ...(config.redisStorageClass === '' ? {} : { storageClass: config.redisStorageClass }),
  protect: isProtected(config),
  // A user's server has the default rights.
  ...(config.serverImage === '' ? { access: replicaAccess } : {}),
});
