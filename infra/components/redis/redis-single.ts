import * as pulumi from '@pulumi/pulumi';
import { OwnRedis, type OwnRedisArgs, REDIS_SERVICE_PORT, type RedisSet } from './own-redis.ts';
import { redisConfig } from './redis-config.ts';
import { memberNames, REDIS_PORT, type RedisConnection, redisName, serviceHost } from './redis-connection.ts';
import { keeperContainer, redisContainer, redisPodSpec, script, scriptEnv } from './redis-pod.ts';

const pod: RedisSet['pod'] = (options) =>
  redisPodSpec(options, {
    initContainers: [keeperContainer(options.image, scriptEnv())],
    containers: [redisContainer(options, script('start-single'), scriptEnv())],
    terminationGracePeriodSeconds: 30,
  });

/**
 * One Redis with its file on a volume, spoken to by TLS and password only. With the persistence `always` its loss costs
 * time and no acknowledged write. Its pod is not evicted: `kubectl drain` waits until you have moved it yourself.
 */
export class RedisSingle extends OwnRedis {
  readonly connection: RedisConnection;

  constructor(name: string, args: OwnRedisArgs, opts?: pulumi.ComponentResourceOptions) {
    super('single', name, args, opts);
    const service = redisName(this.cluster);
    // A StatefulSet needs the other Service. The address of this one stays when the pod changes.
    const [first] = memberNames(this.cluster) as [string];
    this.service(service, { selector: this.only(first), ports: [REDIS_SERVICE_PORT] });
    this.headless([REDIS_SERVICE_PORT]);
    this.budget(0);
    const set = this.statefulSet({ settings: { 'redis.conf': redisConfig(this.settings) }, replicas: 1, pod });
    const host = pulumi.output(args.namespace).apply((it) => serviceHost(service, it));
    const url = pulumi.interpolate`rediss://${host}:${REDIS_PORT}`;
    this.connection = this.connectionBy([{ name: 'REDIS_URL', value: url }], [REDIS_PORT], set);
    this.registerOutputs({ url });
  }
}
