import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { mirrored } from '../artifacts.ts';
import { labelsOf, selectorOf } from '../labels.ts';
import type { PartArgs } from '../part.ts';
import type { Persistence } from './redis-config.ts';
import {
  type EnvVar,
  headlessName,
  memberNames,
  ownRedisEnv,
  PASSWORD_KEY,
  REDIS_PORT,
  type RedisCertificates,
  type RedisConnection,
  redisName,
} from './redis-connection.ts';
import { dataClaim, type RedisPodOptions, redisScripts } from './redis-pod.ts';
import {
  ANY_SERVER,
  checksumOf,
  type RedisSecrets,
  redisSecrets,
  type ServerAccess,
  type Topology,
} from './redis-users.ts';

export const REDIS_IMAGE = 'redis:8.0';

export interface OwnRedisArgs extends PartArgs {
  /** Redis's certificate, and the roots that its clients check it with. */
  readonly certificates: RedisCertificates;
  /** Image of Redis and Sentinel; default: `redis:8.0`. */
  readonly image?: string;
  /** When a write reaches the disk: before its reply, or within a second; default: `always`. */
  readonly persistence?: Persistence;
  /** Memory for data in MiB; the container may take twice that, to rewrite its file. Default: 256. */
  readonly memoryMib?: number;
  /** Size of each volume; default: `1Gi`. It may grow later where the storage class allows it. */
  readonly storage?: string;
  /** Storage class of the volumes; default: that of the cluster. It cannot be changed later. */
  readonly storageClass?: string;
  /** The rights of the servers in Redis; default: everything except administering it. */
  readonly access?: ServerAccess;
  /** Refuses every change that would delete the StatefulSet; default: false. */
  readonly protect?: boolean;
}

type StatefulSetSpec = kubernetes.types.input.apps.v1.StatefulSetSpec;

/** How the topologies differ in their StatefulSet. */
export interface RedisSet {
  /** The configuration files of the pods, such as `redis.conf`, by name. */
  readonly settings: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly more?: Pick<StatefulSetSpec, 'minReadySeconds'>;
  readonly pod: (options: RedisPodOptions) => pulumi.Input<kubernetes.types.input.core.v1.PodSpec>;
  /** The resources that must exist before the pods. */
  readonly dependsOn?: pulumi.Resource[];
}

/**
 * A Redis of the cluster, whatever its topology: a StatefulSet with its users, secrets and files. Topologies share the
 * type, the names, and what a StatefulSet cannot change: a change of topology updates the set, and the volume of the
 * first pod stays.
 */
export abstract class OwnRedis extends pulumi.ComponentResource {
  readonly #name: string;
  protected readonly cluster: string;
  protected readonly args: OwnRedisArgs;
  protected readonly secrets: RedisSecrets;

  constructor(topology: Topology, name: string, args: OwnRedisArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:Redis', name, {}, opts);
    const { namespace, cluster = name, access = ANY_SERVER } = args;
    this.#name = name;
    this.args = args;
    this.cluster = cluster;
    this.secrets = redisSecrets(name, { topology, access, namespace, cluster }, this);
  }

  protected metadataOf(name: string) {
    return { name, namespace: this.args.namespace, labels: labelsOf({ cluster: this.cluster, part: 'redis' }) };
  }

  protected get selector() {
    return selectorOf({ cluster: this.cluster, part: 'redis' });
  }

  /** The values in Redis's own configuration. */
  protected get settings() {
    const { persistence = 'always', memoryMib = 256 } = this.args;
    return { persistence, memoryMib };
  }

  /** A Service that does not wait for an endpoint, because the pods start after it. */
  protected service(name: string, spec: kubernetes.types.input.core.v1.ServiceSpec): kubernetes.core.v1.Service {
    const metadata = { ...this.metadataOf(name), annotations: { 'pulumi.com/skipAwait': 'true' } };
    const suffix = name.slice(redisName(this.cluster).length);
    return new kubernetes.core.v1.Service(`${this.#name}${suffix}`, { metadata, spec }, { parent: this });
  }

  /** Keeps all pods except `maxUnavailable` of them from being evicted. */
  protected budget(maxUnavailable: number): void {
    const spec = {
      maxUnavailable,
      selector: { matchLabels: this.selector },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    };
    const metadata = this.metadataOf(redisName(this.cluster));
    new kubernetes.policy.v1.PodDisruptionBudget(this.#name, { metadata, spec }, { parent: this });
  }

  /** The StatefulSet with its account, files and volumes. */
  protected statefulSet({ settings, replicas, more, pod, dependsOn = [] }: RedisSet): kubernetes.apps.v1.StatefulSet {
    const {
      image = REDIS_IMAGE,
      imageMirror,
      certificates,
      storage = '1Gi',
      storageClass,
      protect = false,
    } = this.args;
    const name = redisName(this.cluster);
    const scripts = redisScripts();
    const metadata = this.metadataOf(name);
    new kubernetes.core.v1.ServiceAccount(
      this.#name,
      { metadata, automountServiceAccountToken: false },
      { parent: this },
    );
    const options: RedisPodOptions = {
      cluster: this.cluster,
      image: mirrored({ imageMirror: imageMirror ?? '' }, image),
      memoryMib: this.settings.memoryMib,
      config: this.#configMap('config', settings),
      scripts: this.#configMap('scripts', scripts),
      files: this.secrets.files,
      certificates,
    };
    const annotations = {
      'checksum/config': checksumOf({ ...settings, ...scripts }),
      'checksum/secrets': this.secrets.filesChecksum,
    };
    const set = new kubernetes.apps.v1.StatefulSet(
      this.#name,
      {
        metadata,
        spec: {
          serviceName: headlessName(this.cluster),
          replicas,
          // A primary takes writes only once it has a replica, so the start must not wait for the first pod alone.
          podManagementPolicy: 'Parallel',
          ...more,
          selector: { matchLabels: this.selector },
          template: { metadata: { labels: metadata.labels, annotations }, spec: pod(options) },
          volumeClaimTemplates: [dataClaim(this.cluster, { storage, storageClass })],
        },
      },
      // Volumes outlive their template. It sets their first size, and `volume` lets them grow.
      { parent: this, dependsOn, protect, ignoreChanges: ['spec.volumeClaimTemplates'] },
    );
    for (const member of memberNames(this.cluster).slice(0, replicas)) this.#volume(member, storage, set);
    return set;
  }

  /**
   * The size of a pod's volume. The API server refuses a size that its storage class cannot provide, and nothing
   * restarts.
   */
  #volume(member: string, storage: string, set: kubernetes.apps.v1.StatefulSet): void {
    new kubernetes.core.v1.PersistentVolumeClaimPatch(
      `${this.#name}${member.slice(redisName(this.cluster).length)}-volume`,
      {
        metadata: {
          ...this.metadataOf(`data-${member}`),
          // The StatefulSet's controller wrote the first size, and the provider would wait for a claim without a pod.
          annotations: { 'pulumi.com/patchForce': 'true', 'pulumi.com/skipAwait': 'true' },
        },
        spec: { resources: { requests: { storage } } },
      },
      // A volume cannot shrink.
      { parent: this, dependsOn: set, retainOnDelete: true },
    );
  }

  #configMap(suffix: string, data: Record<string, string>): pulumi.Output<string> {
    const metadata = this.metadataOf(`${redisName(this.cluster)}-${suffix}`);
    return new kubernetes.core.v1.ConfigMap(`${this.#name}-${suffix}`, { metadata, data }, { parent: this }).metadata
      .name;
  }

  /** The set's own Service, whatever the state of its pods. */
  protected headless(ports: kubernetes.types.input.core.v1.ServicePort[]): kubernetes.core.v1.Service {
    return this.service(headlessName(this.cluster), {
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: this.selector,
      ports,
    });
  }

  /** The pod of this name alone. */
  protected only(member: string) {
    return { ...this.selector, 'statefulset.kubernetes.io/pod-name': member };
  }

  /** How a server reaches it: with `env`, as the user of the servers. */
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

export const REDIS_SERVICE_PORT = { name: 'redis', port: REDIS_PORT, targetPort: 'redis' };
