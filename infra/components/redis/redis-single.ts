import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Config } from '../../config/config.ts';
import { mirrored } from '../artifacts.ts';
import { labels, selector } from '../labels.ts';
import { REDIS_PATHS, redisConfig } from './redis-config.ts';
import {
  ownRedisEnv,
  PASSWORD_KEY,
  REDIS,
  REDIS_PORT,
  type RedisCertificates,
  type RedisConnection,
  serviceHost,
} from './redis-connection.ts';
import {
  dataClaim,
  keeperContainer,
  type RedisPodOptions,
  redisContainer,
  redisPodSpec,
  redisScripts,
  scriptEnv,
} from './redis-pod.ts';
import { checksumOf, redisSecrets } from './redis-users.ts';

export interface RedisSingleArgs {
  readonly config: Pick<Config, 'imageMirror' | 'redisImage' | 'redisPersistence' | 'redisStorage'>;
  /** Namespace of Redis and of the game. */
  readonly namespace: pulumi.Input<string>;
  /** Redis's certificate, and the roots that replicas check it by. */
  readonly certificates: RedisCertificates;
}

/**
 * One Redis with its file on a volume, spoken to by TLS and password only. With `redisPersistence: always`
 * its loss costs time and no acknowledged move.
 */
export class RedisSingle extends pulumi.ComponentResource {
  readonly connection: RedisConnection;

  constructor(name: string, args: RedisSingleArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:RedisSingle', name, {}, opts);
    const { config, namespace, certificates } = args;
    const child = { parent: this };
    const metadata = { name: REDIS, namespace, labels: labels(REDIS) };

    const secrets = redisSecrets('single', namespace, this);
    const data = { 'redis.conf': redisConfig({ config }) };
    const settings = new kubernetes.core.v1.ConfigMap(`${name}-config`, { metadata, data }, child);
    const scripts = new kubernetes.core.v1.ConfigMap(
      `${name}-scripts`,
      { metadata: { ...metadata, name: `${REDIS}-scripts` }, data: redisScripts() },
      child,
    );
    new kubernetes.core.v1.ServiceAccount(name, { metadata, automountServiceAccountToken: false }, child);
    const host = pulumi.output(namespace).apply((it) => serviceHost(REDIS, it));
    const service = new kubernetes.core.v1.Service(
      name,
      {
        // The pods come after it.
        metadata: { ...metadata, annotations: { 'pulumi.com/skipAwait': 'true' } },
        spec: {
          selector: selector(REDIS),
          ports: [{ name: 'redis', port: REDIS_PORT, targetPort: 'redis' }],
        },
      },
      child,
    );
    // What a StatefulSet wants; replicas use the one above, whose address stays when the pod changes.
    const headless = new kubernetes.core.v1.Service(
      `${name}-headless`,
      {
        metadata: { ...metadata, name: `${REDIS}-headless`, annotations: { 'pulumi.com/skipAwait': 'true' } },
        spec: {
          clusterIP: 'None',
          selector: selector(REDIS),
          ports: [{ name: 'redis', port: REDIS_PORT, targetPort: 'redis' }],
        },
      },
      child,
    );
    const pod: RedisPodOptions = {
      image: mirrored(config, config.redisImage),
      config: settings.metadata.name,
      scripts: scripts.metadata.name,
      files: secrets.files,
      certificates,
    };
    const set = new kubernetes.apps.v1.StatefulSet(
      name,
      {
        metadata,
        spec: {
          serviceName: headless.metadata.name,
          replicas: 1,
          selector: { matchLabels: selector(REDIS) },
          template: {
            metadata: {
              labels: labels(REDIS),
              annotations: {
                'checksum/config': checksumOf({ ...data, ...redisScripts() }),
                'checksum/secrets': secrets.filesChecksum,
              },
            },
            spec: redisPodSpec(pod, {
              initContainers: [keeperContainer(pod.image, scriptEnv())],
              containers: [
                redisContainer(pod.image, ['redis-server', `${REDIS_PATHS.config}/redis.conf`], scriptEnv()),
              ],
              terminationGracePeriodSeconds: 30,
            }),
          },
          volumeClaimTemplates: [dataClaim(config.redisStorage)],
        },
      },
      child,
    );

    this.connection = {
      env: [
        { name: 'REDIS_URL', value: pulumi.interpolate`rediss://${host}:${REDIS_PORT}` },
        ...ownRedisEnv(certificates.trust),
      ],
      passwordSecret: { name: secrets.password, key: PASSWORD_KEY },
      trust: certificates.trust,
      checksum: secrets.passwordChecksum,
      ready: set,
      pods: { selector: selector(REDIS) },
      ports: [REDIS_PORT],
    };
    this.registerOutputs({ service: service.metadata.name });
  }
}
