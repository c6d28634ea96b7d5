import type { types } from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { appInImage } from '../../config/app.ts';
import type { Config } from '../../config/config.ts';
import { type ReplicaEnvironment, replicaSettings } from '../../config/replica-environment.ts';
import { CONTROLLER, CONTROLLER_NAMESPACE, EDGE } from '../edge/edge-service.ts';
import { containerSecurity, isolatedPod, podSecurity, resources, SECRET_MODE } from '../hardening.ts';
import { selector } from '../labels.ts';
import {
  REDIS_PASSWORD_DIRECTORY,
  REDIS_TRUST_DIRECTORY,
  type RedisConnection,
  type Trust,
} from '../redis/redis-connection.ts';
import { lifecycle, START_SECONDS } from './lifecycle.ts';

type PodSpec = types.input.core.v1.PodSpec;

export const GAME = 'game';
/** Page, sessions and sockets. */
export const HTTP_PORT = 8080;
/** Health, readiness and metrics; not published. */
export const INTERNAL_PORT = 9090;
export const TOKEN_KEY = 'token';
const TOKEN_DIRECTORY = '/etc/gridlock/token';
const ROOTS_DIRECTORY = '/etc/gridlock/roots';
const ISSUER_DIRECTORY = '/etc/gridlock/issuer';
/** Key of the ConfigMap with the public keys of the issuer. */
export const ISSUER_KEYS = 'jwt.keys';
const API_DIRECTORY = '/etc/gridlock/api';
/** Key of the Secret with the keys of backends. */
export const API_KEYS = 'api.keys';
const OPERATOR_DIRECTORY = '/etc/gridlock/operator';
/** Key of the Secret with the keys of operators. */
export const OPERATOR_KEYS = 'operator.keys';

export interface GamePodOptions {
  readonly config: Config;
  readonly image: pulumi.Input<string>;
  readonly redis: RedisConnection;
  /** The roots that players are given; undefined where they know those of the edge anyway. */
  readonly roots: Trust | undefined;
  /** Secret with what signs the players' tokens, under `TOKEN_KEY`. */
  readonly tokenSecret: pulumi.Input<string>;
  /** The public keys that players' JWTs are checked with; undefined where they are fetched, or no JWT is taken. */
  readonly issuerKeys: Trust | undefined;
  /** Secret with the keys of backends, under `API_KEYS`; undefined where there are none. */
  readonly apiKeys: pulumi.Input<string> | undefined;
  /** The same for operators, under `OPERATOR_KEYS`. */
  readonly operatorKeys: pulumi.Input<string> | undefined;
  /** Exact origins of the page, separated by commas. */
  readonly origins: pulumi.Input<string>;
}

/** Where the edge is within the cluster: the operations page looks at what it shows. */
function edgeAddress({ ingress, port, proxyProtocol }: Config): ReplicaEnvironment {
  // A client that does not come through the balancer is refused then.
  if (proxyProtocol) return {};
  const host = ingress === 'haproxy' ? EDGE : `${CONTROLLER}.${CONTROLLER_NAMESPACE}`;
  return { EDGE_ADDRESS: `${host}:${port}` };
}

function environment({
  config,
  redis,
  roots,
  issuerKeys,
  apiKeys,
  operatorKeys,
  origins,
}: GamePodOptions): types.input.core.v1.EnvVar[] {
  const plain: ReplicaEnvironment = {
    HOST: '0.0.0.0',
    PORT: String(HTTP_PORT),
    INTERNAL_HOST: '0.0.0.0',
    INTERNAL_PORT: String(INTERNAL_PORT),
    APP: appInImage(config),
    ...replicaSettings(config),
    WEB_ROOT: '/app/web',
    ...edgeAddress(config),
    ...(roots ? { CERTIFICATE_ROOTS_FILE: `${ROOTS_DIRECTORY}/${roots.key}` } : {}),
    ...(issuerKeys ? { JWT_KEYS_FILE: `${ISSUER_DIRECTORY}/${issuerKeys.key}` } : {}),
    ...(apiKeys === undefined ? {} : { API_KEYS_FILE: `${API_DIRECTORY}/${API_KEYS}` }),
    ...(operatorKeys === undefined ? {} : { OPERATOR_KEYS_FILE: `${OPERATOR_DIRECTORY}/${OPERATOR_KEYS}` }),
    TOKEN_SECRET_FILE: `${TOKEN_DIRECTORY}/${TOKEN_KEY}`,
  };
  return [
    // A replica is known by its pod.
    { name: 'APPID', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ...Object.entries(plain).map(([name, value]) => ({ name, value })),
    { name: 'ALLOWED_ORIGINS', value: origins },
    ...redis.env,
  ];
}

interface Mounted {
  readonly mount: types.input.core.v1.VolumeMount;
  readonly volume: types.input.core.v1.Volume;
}

function files({ redis, roots, issuerKeys, apiKeys, operatorKeys, tokenSecret }: GamePodOptions): Mounted[] {
  const mounted = (mountPath: string, volume: types.input.core.v1.Volume): Mounted => ({
    mount: { name: volume.name, mountPath, readOnly: true },
    volume,
  });
  const secret = (name: string, secretName: pulumi.Input<string>, key: string) => ({
    name,
    secret: { secretName, defaultMode: SECRET_MODE, items: [{ key, path: key }] },
  });
  const bundle = (name: string, { configMap, key }: Trust) => ({
    name,
    configMap: { name: configMap, items: [{ key, path: key }] },
  });
  const { passwordSecret, trust } = redis;
  return [
    mounted(TOKEN_DIRECTORY, secret('token', tokenSecret, TOKEN_KEY)),
    ...(passwordSecret
      ? [mounted(REDIS_PASSWORD_DIRECTORY, secret('redis', passwordSecret.name, passwordSecret.key))]
      : []),
    ...(trust ? [mounted(REDIS_TRUST_DIRECTORY, bundle('redis-trust', trust))] : []),
    ...(roots ? [mounted(ROOTS_DIRECTORY, bundle('roots', roots))] : []),
    ...(issuerKeys ? [mounted(ISSUER_DIRECTORY, bundle('issuer', issuerKeys))] : []),
    ...(apiKeys === undefined ? [] : [mounted(API_DIRECTORY, secret('api', apiKeys, API_KEYS))]),
    ...(operatorKeys === undefined
      ? []
      : [mounted(OPERATOR_DIRECTORY, secret('operator', operatorKeys, OPERATOR_KEYS))]),
  ];
}

/** Three questions to a replica: has it started, does its event loop turn, does it take new players. */
const probes = {
  startupProbe: {
    httpGet: { path: '/healthz', port: 'internal' },
    periodSeconds: 1,
    timeoutSeconds: 1,
    failureThreshold: START_SECONDS,
  },
  // Never Redis: all replicas would be killed for what none of them can fix.
  livenessProbe: {
    httpGet: { path: '/healthz', port: 'internal' },
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 3,
  },
  readinessProbe: {
    httpGet: { path: '/readyz', port: 'internal' },
    periodSeconds: 2,
    timeoutSeconds: 2,
    failureThreshold: 2,
  },
};

/** A node or a zone less takes as few replicas along as possible, counted among those of one version. */
function spreading(config: Pick<Config, 'cluster'>): Pick<PodSpec, 'topologySpreadConstraints' | 'affinity'> {
  const labelSelector = { matchLabels: selector(GAME) };
  const over = (topologyKey: string, whenUnsatisfiable: string) => ({
    topologyKey,
    whenUnsatisfiable,
    maxSkew: 1,
    labelSelector,
    matchLabelKeys: ['pod-template-hash'],
  });
  return {
    topologySpreadConstraints: [
      over('kubernetes.io/hostname', 'ScheduleAnyway'),
      // Only where we know that the nodes carry zones is it worth a pod that waits.
      over('topology.kubernetes.io/zone', config.cluster === 'eks' ? 'DoNotSchedule' : 'ScheduleAnyway'),
    ],
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { labelSelector, topologyKey: 'kubernetes.io/hostname' } },
        ],
      },
    },
  };
}

/** The pod of a replica, the same in both designs: who owns a game is a lease in Redis, not a name. */
export function gamePod(options: GamePodOptions): PodSpec {
  const times = lifecycle(options.config);
  const mounted = files(options);
  return {
    serviceAccountName: GAME,
    ...isolatedPod,
    securityContext: podSecurity,
    terminationGracePeriodSeconds: times.graceSeconds,
    ...spreading(options.config),
    containers: [
      {
        name: GAME,
        image: options.image,
        imagePullPolicy: 'IfNotPresent',
        env: environment(options),
        ports: [
          { name: 'http', containerPort: HTTP_PORT },
          { name: 'internal', containerPort: INTERNAL_PORT },
        ],
        ...probes,
        // While it sleeps the replica serves as before and the edge stops sending anybody.
        lifecycle: { preStop: { sleep: { seconds: times.preStopSeconds } } },
        resources: resources(['100m', '192Mi'], ['2', '512Mi']),
        securityContext: containerSecurity,
        volumeMounts: mounted.map(({ mount }) => mount),
      },
    ],
    volumes: mounted.map(({ volume }) => volume),
  };
}
