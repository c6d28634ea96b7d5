import * as pulumi from '@pulumi/pulumi';
import { selector } from '../labels.ts';
import { OwnRedis, type OwnRedisArgs, type Topology } from './own-redis.ts';
import { REDIS_PATHS, redisConfig } from './redis-config.ts';
import { REDIS, REDIS_PORT, type RedisConnection, serviceHost } from './redis-connection.ts';
import { keeperContainer, redisContainer, redisPodSpec, scriptEnv } from './redis-pod.ts';

const COMMAND = ['redis-server', `${REDIS_PATHS.config}/redis.conf`];
const PORTS = [{ name: 'redis', port: REDIS_PORT, targetPort: 'redis' }];

const pod: Topology['pod'] = (options) =>
  redisPodSpec(options, {
    initContainers: [keeperContainer(options.image, scriptEnv())],
    containers: [redisContainer(options, COMMAND, scriptEnv())],
    terminationGracePeriodSeconds: 30,
  });

/**
 * One Redis with its file on a volume, spoken to by TLS and password only. With `redisPersistence: always`
 * its loss costs time and no acknowledged move.
 */
export class RedisSingle extends OwnRedis {
  readonly connection: RedisConnection;

  constructor(name: string, args: OwnRedisArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:RedisSingle', 'single', name, args, opts);
    const service = this.service(name, REDIS, { selector: selector(REDIS), ports: PORTS });
    // A StatefulSet needs it. Replicas use the Service above, whose address stays when the pod changes.
    const headless = this.service(`${name}-headless`, `${REDIS}-headless`, {
      clusterIP: 'None',
      selector: selector(REDIS),
      ports: PORTS,
    });
    const set = this.statefulSet({
      settings: { 'redis.conf': redisConfig({ config: args.config }) },
      set: { serviceName: headless.metadata.name, replicas: 1 },
      pod,
    });
    const host = pulumi.output(args.namespace).apply((it) => serviceHost(REDIS, it));
    const url = pulumi.interpolate`rediss://${host}:${REDIS_PORT}`;
    this.connection = this.connectionBy([{ name: 'REDIS_URL', value: url }], [REDIS_PORT], set);
    this.registerOutputs({ service: service.metadata.name });
  }
}
