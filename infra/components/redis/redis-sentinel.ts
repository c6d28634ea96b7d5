import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Config } from '../../config/config.ts';
import { mirrored } from '../artifacts.ts';
import { overNodes } from '../hardening.ts';
import { labels, selector } from '../labels.ts';
import { replicatedRedisConfig, sentinelConfig, topologyEnv } from './redis-config.ts';
import {
  memberNames,
  ownRedisEnv,
  PASSWORD_KEY,
  REDIS,
  REDIS_PORT,
  type RedisCertificates,
  type RedisConnection,
  SENTINEL_PORT,
  SENTINELS,
  sentinelRedisEnv,
  serviceHost,
} from './redis-connection.ts';
import {
  dataClaim,
  keeperContainer,
  type RedisPodOptions,
  redisContainer,
  redisPodSpec,
  redisScripts,
  script,
  scriptEnv,
  sentinelContainer,
} from './redis-pod.ts';
import { checksumOf, redisSecrets } from './redis-users.ts';

export interface RedisSentinelArgs {
  readonly config: Pick<Config, 'imageMirror' | 'redisImage' | 'redisPersistence' | 'redisStorage'>;
  /** Namespace of Redis and of the game. */
  readonly namespace: pulumi.Input<string>;
  /** Redis's certificate, which the sentinels use too, and the roots that everybody checks it by. */
  readonly certificates: RedisCertificates;
}

const settingsOf = (config: RedisSentinelArgs['config']): Record<string, string> => {
  const { head, settings } = sentinelConfig();
  const redis = replicatedRedisConfig({ config });
  return { 'redis.conf': redis, 'sentinel-head.conf': head, 'sentinel-settings.conf': settings };
};

/**
 * Three Redis, each with a sentinel beside it: two of the sentinels replace a primary that is gone within
 * seconds. A pod that is stopped on purpose hands over first, and loses nothing; one that dies may take with
 * it what it had acknowledged and not yet passed on, which replicas notice by the new epoch.
 */
export class RedisSentinel extends pulumi.ComponentResource {
  readonly connection: RedisConnection;

  constructor(name: string, args: RedisSentinelArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:RedisSentinel', name, {}, opts);
    const { config, namespace, certificates } = args;
    const child = { parent: this };
    const metadata = { name: REDIS, namespace, labels: labels(REDIS) };
    const configMap = (suffix: string, data: Record<string, string>) =>
      new kubernetes.core.v1.ConfigMap(
        `${name}-${suffix}`,
        { metadata: { ...metadata, name: suffix === 'config' ? REDIS : `${REDIS}-${suffix}` }, data },
        child,
      );

    const secrets = redisSecrets('sentinel', namespace, this);
    const settings = settingsOf(config);
    const pod: RedisPodOptions = {
      image: mirrored(config, config.redisImage),
      config: configMap('config', settings).metadata.name,
      scripts: configMap('scripts', redisScripts()).metadata.name,
      files: secrets.files,
      certificates,
    };
    new kubernetes.core.v1.ServiceAccount(name, { metadata, automountServiceAccountToken: false }, child);
    const services = [REDIS, ...memberNames].map((service) => this.#service(service, args));
    new kubernetes.policy.v1.PodDisruptionBudget(
      name,
      {
        metadata,
        spec: {
          maxUnavailable: 1,
          selector: { matchLabels: selector(REDIS) },
          unhealthyPodEvictionPolicy: 'AlwaysAllow',
        },
      },
      child,
    );
    const set = new kubernetes.apps.v1.StatefulSet(
      name,
      {
        metadata,
        spec: {
          serviceName: REDIS,
          replicas: SENTINELS,
          // A primary takes writes once a replica is there: the first must not be waited for alone.
          podManagementPolicy: 'Parallel',
          minReadySeconds: 5,
          selector: { matchLabels: selector(REDIS) },
          template: {
            metadata: {
              labels: labels(REDIS),
              annotations: {
                'checksum/config': checksumOf({ ...settings, ...redisScripts() }),
                'checksum/secrets': secrets.filesChecksum,
              },
            },
            spec: pulumi.output(namespace).apply((it) => sentinelPod(pod, it)),
          },
          volumeClaimTemplates: [dataClaim(config.redisStorage)],
        },
      },
      { ...child, dependsOn: services },
    );

    const sentinels = pulumi
      .output(namespace)
      .apply((it) => memberNames.map((member) => `${serviceHost(member, it)}:${SENTINEL_PORT}`).join(','));
    this.connection = {
      env: [{ name: 'REDIS_SENTINELS', value: sentinels }, ...sentinelRedisEnv, ...ownRedisEnv(certificates.trust)],
      passwordSecret: { name: secrets.password, key: PASSWORD_KEY },
      trust: certificates.trust,
      checksum: secrets.passwordChecksum,
      ready: set,
      pods: { selector: selector(REDIS) },
      ports: [REDIS_PORT, SENTINEL_PORT],
    };
    this.registerOutputs({ sentinels });
  }

  /**
   * The set's own Service, and one a pod: that address stays when the pod changes, so that nobody, least of
   * all a sentinel, holds on to one that is gone.
   */
  #service(service: string, { namespace }: RedisSentinelArgs): kubernetes.core.v1.Service {
    const one = service === REDIS ? {} : { 'statefulset.kubernetes.io/pod-name': service };
    return new kubernetes.core.v1.Service(
      service,
      {
        // None of these waits for an endpoint: the pods start after them.
        metadata: {
          name: service,
          namespace,
          labels: labels(REDIS),
          annotations: { 'pulumi.com/skipAwait': 'true' },
        },
        spec: {
          ...(service === REDIS ? { clusterIP: 'None' } : {}),
          publishNotReadyAddresses: true,
          selector: { ...selector(REDIS), ...one },
          ports: [
            { name: 'redis', port: REDIS_PORT, targetPort: 'redis' },
            { name: 'sentinel', port: SENTINEL_PORT, targetPort: 'sentinel' },
          ],
        },
      },
      { parent: this },
    );
  }
}

function sentinelPod(pod: RedisPodOptions, namespace: string): kubernetes.types.input.core.v1.PodSpec {
  const env = scriptEnv(topologyEnv(namespace));
  return redisPodSpec(pod, {
    // On one node three still survive a crash.
    ...overNodes(selector(REDIS)),
    initContainers: [sentinelContainer(pod.image, env), keeperContainer(pod.image, env)],
    containers: [
      {
        ...redisContainer(pod.image, script('start-redis'), env),
        lifecycle: { preStop: { exec: { command: script('hand-over') } } },
      },
    ],
    // The hand-over takes up to 20 s, and Redis then waits up to 10 s for its replicas.
    terminationGracePeriodSeconds: 45,
  });
}
