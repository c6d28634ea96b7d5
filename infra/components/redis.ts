import type * as pulumi from '@pulumi/pulumi';
import type { Config } from '../config.ts';
import type { RedisCertificates, RedisConnection } from './redis-connection.ts';
import { RedisExternal } from './redis-external.ts';
import { RedisSentinel } from './redis-sentinel.ts';
import { RedisSingle } from './redis-single.ts';

export interface RedisArgs {
  /** Namespace of Redis and of the game. */
  readonly namespace: pulumi.Input<string>;
  /** Redis's certificate and the accepted roots; an external Redis has its own. */
  readonly certificates: RedisCertificates;
}

/** Redis as the configuration wants it, and how a replica reaches it. */
export function createRedis(config: Config, args: RedisArgs, opts?: pulumi.ComponentResourceOptions): RedisConnection {
  switch (config.redis) {
    case 'single':
      return new RedisSingle('redis', { config, ...args }, opts).connection;
    case 'sentinel':
      return new RedisSentinel('redis', { config, ...args }, opts).connection;
    case 'external':
      return new RedisExternal('redis', { config, ...args }, opts).connection;
  }
}
