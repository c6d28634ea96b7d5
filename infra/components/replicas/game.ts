import { createHash } from 'node:crypto';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { readApiKeys, readOperatorKeys } from '../../config/api-keys.ts';
import type { Config } from '../../config/config.ts';
import { readJwtKeys } from '../../config/jwt-keys.ts';
import { labels, selector } from '../labels.ts';
import type { RedisConnection, Trust } from '../redis/redis-connection.ts';
import {
  API_KEYS,
  GAME,
  gamePod,
  HTTP_PORT,
  INTERNAL_PORT,
  ISSUER_KEYS,
  OPERATOR_KEYS,
  TOKEN_KEY,
} from './game-pod.ts';
import { lifecycle } from './lifecycle.ts';

export interface GameArgs {
  readonly config: Config;
  readonly namespace: pulumi.Input<string>;
  /** Image of the replica. */
  readonly image: pulumi.Input<string>;
  /** How to reach Redis, as `createRedis` tells. */
  readonly redis: RedisConnection;
  /** The roots that vouch for the certificates of the cluster's own chain. */
  readonly trust: Trust;
  /**
   * Signs the players' tokens: 32 characters or more, random. A new one sends everybody to fetch a new token.
   */
  readonly tokenSecret: pulumi.Input<string>;
  /** Exact origins of the page, such as `https://localhost:8443`. */
  readonly origins: pulumi.Input<readonly string[]>;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/**
 * The replicas of the game: interchangeable in both designs, replaced one by one, each given the time to send
 * its players to the others.
 */
export class Game extends pulumi.ComponentResource {
  readonly deployment: kubernetes.apps.v1.Deployment;
  readonly service: kubernetes.core.v1.Service;
  /** Every ready replica by its own address, for an edge that chooses itself. */
  readonly headlessService: kubernetes.core.v1.Service;
  readonly port = HTTP_PORT;

  constructor(name: string, args: GameArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:Game', name, {}, opts);
    const { namespace, redis } = args;
    const metadata = { name: GAME, namespace, labels: labels(GAME) };
    const tokenSecret = new kubernetes.core.v1.Secret(
      `${name}-token`,
      {
        metadata: { ...metadata, name: `${GAME}-token` },
        type: 'Opaque',
        stringData: { [TOKEN_KEY]: pulumi.secret(args.tokenSecret) },
      },
      { parent: this },
    );
    const account = new kubernetes.core.v1.ServiceAccount(
      name,
      { metadata, automountServiceAccountToken: false },
      { parent: this },
    );
    this.deployment = this.#deployment(name, args, tokenSecret, [account, ...(redis.ready ? [redis.ready] : [])]);
    const ports = [{ name: 'http', port: HTTP_PORT, targetPort: 'http' }];
    this.service = new kubernetes.core.v1.Service(
      name,
      { metadata, spec: { selector: selector(GAME), ports } },
      { parent: this },
    );
    const internal = { name: 'internal', port: INTERNAL_PORT, targetPort: 'internal' };
    this.headlessService = new kubernetes.core.v1.Service(
      `${name}-headless`,
      {
        metadata: { ...metadata, name: `${GAME}-headless` },
        spec: { clusterIP: 'None', selector: selector(GAME), ports: [...ports, internal] },
      },
      { parent: this },
    );
    new kubernetes.policy.v1.PodDisruptionBudget(
      name,
      {
        metadata,
        spec: {
          maxUnavailable: 1,
          selector: { matchLabels: selector(GAME) },
          // One that is not ready serves nobody, and must not keep a node from being drained.
          unhealthyPodEvictionPolicy: 'AlwaysAllow',
        },
      },
      { parent: this },
    );
    this.registerOutputs({ service: this.service.metadata.name, port: this.port });
  }

  #issuerKeys(name: string, namespace: pulumi.Input<string>, keys: string): Trust {
    const metadata = { name: `${GAME}-issuer`, namespace, labels: labels(GAME) };
    const map = new kubernetes.core.v1.ConfigMap(
      `${name}-issuer`,
      { metadata, data: { [ISSUER_KEYS]: keys } },
      { parent: this },
    );
    return { configMap: map.metadata.name, key: ISSUER_KEYS };
  }

  /** Replicas read it again when it changes: a key is replaced without replacing pods. */
  #keys(name: string, namespace: pulumi.Input<string>, whose: 'api' | 'operator', keys: string | undefined) {
    if (keys === undefined) return undefined;
    const metadata = { name: `${GAME}-${whose}`, namespace, labels: labels(GAME) };
    const key = whose === 'api' ? API_KEYS : OPERATOR_KEYS;
    const secret = new kubernetes.core.v1.Secret(
      `${name}-${whose}`,
      { metadata, type: 'Opaque', stringData: { [key]: pulumi.secret(keys) } },
      { parent: this },
    );
    return secret.metadata.name;
  }

  #deployment(name: string, args: GameArgs, token: kubernetes.core.v1.Secret, dependsOn: pulumi.Resource[]) {
    const { config, namespace, image, redis, trust } = args;
    const keys = readJwtKeys(config);
    const times = lifecycle(config);
    const patience = `${times.rolloutSeconds}s`;
    return new kubernetes.apps.v1.Deployment(
      name,
      {
        metadata: { name: GAME, namespace, labels: labels(GAME) },
        spec: {
          // The autoscaler's where there is one: what it decided must not be undone by the next deployment.
          ...(config.autoscaling === 'none' ? { replicas: config.replicas } : {}),
          minReadySeconds: times.minReadySeconds,
          progressDeadlineSeconds: times.progressDeadlineSeconds,
          revisionHistoryLimit: 5,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          selector: { matchLabels: selector(GAME) },
          template: {
            metadata: {
              labels: labels(GAME),
              annotations: {
                'prometheus.io/scrape': 'true',
                'prometheus.io/port': String(INTERNAL_PORT),
                'prometheus.io/path': '/metrics',
                // Secrets are read at the start: a new one replaces the pods.
                'checksum/token': pulumi.unsecret(pulumi.output(args.tokenSecret).apply(digest)),
                'checksum/redis': redis.checksum,
                ...(keys === undefined ? {} : { 'checksum/issuer': digest(keys) }),
              },
            },
            spec: gamePod({
              config,
              image,
              redis,
              // The edge's certificate is a public authority's then.
              roots: config.certificates === 'acme' ? undefined : trust,
              tokenSecret: token.metadata.name,
              issuerKeys: keys === undefined ? undefined : this.#issuerKeys(name, namespace, keys),
              apiKeys: this.#keys(name, namespace, 'api', readApiKeys(config)),
              operatorKeys: this.#keys(name, namespace, 'operator', readOperatorKeys(config)),
              origins: pulumi.output(args.origins).apply((origins) => origins.join(',')),
            }),
          },
        },
      },
      { parent: this, dependsOn, customTimeouts: { create: patience, update: patience } },
    );
  }
}
