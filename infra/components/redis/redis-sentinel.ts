import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { overNodes } from '../hardening.ts';
import { selector } from '../labels.ts';
import { OwnRedis, type OwnRedisArgs } from './own-redis.ts';
import { replicatedRedisConfig, sentinelConfig, topologyEnv } from './redis-config.ts';
import {
  memberNames,
  REDIS,
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

const settingsOf = (config: OwnRedisArgs['config']): Record<string, string> => {
  const { head, settings } = sentinelConfig();
  const redis = replicatedRedisConfig({ config });
  return { 'redis.conf': redis, 'sentinel-head.conf': head, 'sentinel-settings.conf': settings };
};

function sentinelPod(options: RedisPodOptions, namespace: string): kubernetes.types.input.core.v1.PodSpec {
  const env = scriptEnv(topologyEnv(namespace));
  return redisPodSpec(options, {
    // On one node three still survive a crash.
    ...overNodes(selector(REDIS)),
    initContainers: [sentinelContainer(options.image, env), keeperContainer(options.image, env)],
    containers: [
      {
        ...redisContainer(options, script('start-redis'), env),
        lifecycle: { preStop: { exec: { command: script('hand-over') } } },
      },
    ],
    // The hand-over takes up to 20 s, and Redis then waits up to 10 s for its replicas.
    terminationGracePeriodSeconds: 45,
  });
}

/**
 * Three Redis, each with a sentinel next to it: two of the sentinels replace a primary that is gone within
 * seconds. A pod that is stopped on purpose hands over first, and loses nothing; one that dies may take with
 * it what it had acknowledged and not yet passed on, which replicas notice by the new epoch.
 */
export class RedisSentinel extends OwnRedis {
  readonly connection: RedisConnection;

  constructor(name: string, args: OwnRedisArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:RedisSentinel', 'sentinel', name, args, opts);
    const services = [REDIS, ...memberNames].map((service) => this.#memberService(service));
    this.#budget(name);
    const set = this.statefulSet(
      {
        settings: settingsOf(args.config),
        set: {
          serviceName: REDIS,
          replicas: SENTINELS,
          // A primary takes writes once a replica is there: the first must not be waited for alone.
          podManagementPolicy: 'Parallel',
          minReadySeconds: 5,
        },
        pod: (options) => pulumi.output(args.namespace).apply((it) => sentinelPod(options, it)),
      },
      services,
    );
    const sentinels = pulumi
      .output(args.namespace)
      .apply((it) => memberNames.map((member) => `${serviceHost(member, it)}:${SENTINEL_PORT}`).join(','));
    const env = [{ name: 'REDIS_SENTINELS', value: sentinels }, ...sentinelRedisEnv];
    this.connection = this.connectionBy(env, [REDIS_PORT, SENTINEL_PORT], set);
    this.registerOutputs({ sentinels });
  }

  /**
   * The set's Service, and one per pod: that address stays when the pod changes, so that nobody, least of all
   * a sentinel, holds on to one that is gone.
   */
  #memberService(service: string): kubernetes.core.v1.Service {
    const one = service === REDIS ? {} : { 'statefulset.kubernetes.io/pod-name': service };
    return this.service(service, service, {
      ...(service === REDIS ? { clusterIP: 'None' } : {}),
      publishNotReadyAddresses: true,
      selector: { ...selector(REDIS), ...one },
      ports: [
        { name: 'redis', port: REDIS_PORT, targetPort: 'redis' },
        { name: 'sentinel', port: SENTINEL_PORT, targetPort: 'sentinel' },
      ],
    });
  }

  #budget(name: string): void {
    const spec = {
      maxUnavailable: 1,
      selector: { matchLabels: selector(REDIS) },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    };
    new kubernetes.policy.v1.PodDisruptionBudget(name, { metadata: this.metadata, spec }, { parent: this });
  }
}
