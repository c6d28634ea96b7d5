import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Config } from '../../config/config.ts';
import { mirrored } from '../artifacts.ts';
import { labels, selector } from '../labels.ts';
import {
  type EnvVar,
  ownRedisEnv,
  PASSWORD_KEY,
  REDIS,
  type RedisCertificates,
  type RedisConnection,
} from './redis-connection.ts';
import { dataClaim, type RedisPodOptions, redisScripts } from './redis-pod.ts';
import { checksumOf, type RedisSecrets, redisSecrets } from './redis-users.ts';

export interface OwnRedisArgs {
  readonly config: Pick<Config, 'imageMirror' | 'redisImage' | 'redisPersistence' | 'redisMemoryMib' | 'redisStorage'>;
  /** Namespace of Redis and of the game. */
  readonly namespace: pulumi.Input<string>;
  /** Redis's certificate, and the roots that everybody checks it by. */
  readonly certificates: RedisCertificates;
}

type StatefulSetSpec = kubernetes.types.input.apps.v1.StatefulSetSpec;

/** How the topologies differ in their StatefulSet. */
export interface Topology {
  /** What pods read as `redis.conf` and the like, by file name. */
  readonly settings: Readonly<Record<string, string>>;
  readonly set: Pick<StatefulSetSpec, 'serviceName' | 'replicas' | 'podManagementPolicy' | 'minReadySeconds'>;
  readonly pod: (options: RedisPodOptions) => pulumi.Input<kubernetes.types.input.core.v1.PodSpec>;
}

/** A Redis of the stack, whatever its topology: a StatefulSet with its users, secrets and files. */
export abstract class OwnRedis extends pulumi.ComponentResource {
  readonly #name: string;
  protected readonly args: OwnRedisArgs;
  protected readonly secrets: RedisSecrets;

  constructor(
    type: string,
    users: 'single' | 'sentinel',
    name: string,
    args: OwnRedisArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(type, name, {}, opts);
    this.#name = name;
    this.args = args;
    this.secrets = redisSecrets(users, args.namespace, this);
  }

  protected get metadata() {
    return { name: REDIS, namespace: this.args.namespace, labels: labels(REDIS) };
  }

  /** A Service that does not wait for an endpoint: the pods start after it. */
  protected service(
    resource: string,
    name: string,
    spec: kubernetes.types.input.core.v1.ServiceSpec,
  ): kubernetes.core.v1.Service {
    const metadata = { ...this.metadata, name, annotations: { 'pulumi.com/skipAwait': 'true' } };
    return new kubernetes.core.v1.Service(resource, { metadata, spec }, { parent: this });
  }

  /** The StatefulSet with its account and files. */
  protected statefulSet(
    { settings, set, pod }: Topology,
    dependsOn: pulumi.Resource[] = [],
  ): kubernetes.apps.v1.StatefulSet {
    const { config, certificates } = this.args;
    const scripts = redisScripts();
    const account = { metadata: this.metadata, automountServiceAccountToken: false };
    new kubernetes.core.v1.ServiceAccount(this.#name, account, { parent: this });
    const options: RedisPodOptions = {
      image: mirrored(config, config.redisImage),
      redisMemoryMib: config.redisMemoryMib,
      config: this.#configMap('config', REDIS, settings),
      scripts: this.#configMap('scripts', `${REDIS}-scripts`, scripts),
      files: this.secrets.files,
      certificates,
    };
    return new kubernetes.apps.v1.StatefulSet(
      this.#name,
      {
        metadata: this.metadata,
        spec: {
          ...set,
          selector: { matchLabels: selector(REDIS) },
          template: {
            metadata: {
              labels: labels(REDIS),
              annotations: {
                'checksum/config': checksumOf({ ...settings, ...scripts }),
                'checksum/secrets': this.secrets.filesChecksum,
              },
            },
            spec: pod(options),
          },
          volumeClaimTemplates: [dataClaim(config.redisStorage)],
        },
      },
      { parent: this, dependsOn },
    );
  }

  #configMap(suffix: string, name: string, data: Record<string, string>): pulumi.Output<string> {
    const metadata = { ...this.metadata, name };
    return new kubernetes.core.v1.ConfigMap(`${this.#name}-${suffix}`, { metadata, data }, { parent: this }).metadata
      .name;
  }

  /** How a replica reaches it: by `env`, as the ACL user of the replicas. */
  protected connectionBy(
    env: readonly EnvVar[],
    ports: readonly number[],
    set: kubernetes.apps.v1.StatefulSet,
  ): RedisConnection {
    const { trust } = this.args.certificates;
    return {
      env: [...env, ...ownRedisEnv(trust)],
      passwordSecret: { name: this.secrets.password, key: PASSWORD_KEY },
      trust,
      checksum: this.secrets.passwordChecksum,
      ready: set,
      ports,
    };
  }
}
