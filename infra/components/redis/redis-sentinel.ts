import type * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { overNodes } from '../hardening.ts';
import { selectorOf } from '../labels.ts';
import { OwnRedis, type OwnRedisArgs, REDIS_SERVICE_PORT } from './own-redis.ts';
import { replicatedRedisConfig, sentinelConfig, topologyEnv } from './redis-config.ts';
import {
  memberNames,
  REDIS_PORT,
  type RedisConnection,
  SENTINEL_PORT,
  SENTINELS,
  sentinelRedisEnv,
  serviceHost,
} from './redis-connection.ts';
import {
  keeperContainer,
  type RedisPodOptions,
  redisContainer,
  redisPodSpec,
  script,
  scriptEnv,
  sentinelContainer,
} from './redis-pod.ts';

const PORTS = [REDIS_SERVICE_PORT, { name: 'sentinel', port: SENTINEL_PORT, targetPort: 'sentinel' }];

function sentinelPod(
  options: RedisPodOptions,
  namespace: string,
  set: pulumi.Input<string>,
): kubernetes.types.input.core.v1.PodSpec {
  const { cluster, image } = options;
  const env = scriptEnv({ ...topologyEnv(cluster, namespace), SET: set });
  return redisPodSpec(options, {
    // On one node three still survive a crash.
    ...overNodes(selectorOf({ cluster, part: 'redis' })),
    initContainers: [sentinelContainer(image, env), keeperContainer(image, env)],
    containers: [
      {
        ...redisContainer(options, script('start-redis'), env),
        lifecycle: { preStop: { exec: { command: script('hand-over') } } },
      },
    ],
    // A hand-over takes up to 30 s, and Redis then waits up to 10 s for its replicas.
    terminationGracePeriodSeconds: 60,
  });
}

/**
 * Three Redis, each with a sentinel next to it. Two of the sentinels replace a lost primary within seconds. A pod that
 * is stopped on purpose hands over first, and loses nothing. A pod that dies may lose writes that it had acknowledged
 * and not yet replicated; the servers notice this by the new epoch.
 */
export class RedisSentinel extends OwnRedis {
  readonly connection: RedisConnection;

  constructor(name: string, args: OwnRedisArgs, opts?: pulumi.ComponentResourceOptions) {
    super('sentinel', name, args, opts);
    const members = memberNames(this.cluster);
    // Each pod has its own address, which stays when the pod is replaced. Otherwise clients, and above all sentinels,
    // would keep the address of a pod that no longer exists.
    const services = members.map((member) =>
      this.service(member, { publishNotReadyAddresses: true, selector: this.only(member), ports: PORTS }),
    );
    this.budget(1);
    // Made when this topology begins: volumes left from an earlier set of three have another one.
    const id = new random.RandomString(`${name}-set`, { length: 8, special: false }, { parent: this }).result;
    const { head, settings } = sentinelConfig();
    const set = this.statefulSet({
      settings: {
        'redis.conf': replicatedRedisConfig(this.settings),
        'sentinel-head.conf': head,
        'sentinel-settings.conf': settings,
      },
      replicas: SENTINELS,
      more: { minReadySeconds: 5 },
      pod: (options) => pulumi.output(args.namespace).apply((it) => sentinelPod(options, it, id)),
      dependsOn: [this.headless(PORTS), ...services],
    });
    const sentinels = pulumi
      .output(args.namespace)
      .apply((it) => members.map((member) => `${serviceHost(member, it)}:${SENTINEL_PORT}`).join(','));
    const env = [{ name: 'REDIS_SENTINELS', value: sentinels }, ...sentinelRedisEnv];
    this.connection = this.connectionBy(env, [REDIS_PORT, SENTINEL_PORT], set);
    this.registerOutputs({ sentinels });
  }
}
