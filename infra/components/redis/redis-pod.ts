import { readdirSync, readFileSync } from 'node:fs';
import type { types } from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { containerSecurity, isolatedPod, podSecurity, resources, SECRET_MODE } from '../hardening.ts';
import { labelsOf } from '../labels.ts';
import { CA_FILE, memoryLimitMib, REDIS_PATHS } from './redis-config.ts';
import type { RedisCertificates } from './redis-connection.ts';
import { REDIS_PORT, redisName, SENTINEL_PORT } from './redis-connection.ts';

type Container = types.input.core.v1.Container;
type Probe = types.input.core.v1.Probe;
type Volume = types.input.core.v1.Volume;
type EnvVar = types.input.core.v1.EnvVar;

const SCRIPTS = new URL('./scripts/', import.meta.url);

/** The scripts of a Redis pod, by file name. */
export const redisScripts = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(SCRIPTS)
      .sort()
      .map((file) => [file, readFileSync(new URL(file, SCRIPTS), 'utf8')]),
  );

export interface RedisPodOptions {
  /** Name of the cluster whose Redis it is. */
  readonly cluster: string;
  readonly image: string;
  readonly memoryMib: number;
  /** ConfigMaps with the result of `redisConfig`, and with the scripts. */
  readonly config: pulumi.Input<string>;
  readonly scripts: pulumi.Input<string>;
  /** Secret with the result of `redisFiles`. */
  readonly files: pulumi.Input<string>;
  readonly certificates: RedisCertificates;
}

/** Where the scripts find everything. They get no other settings. */
export const scriptEnv = (more: Readonly<Record<string, pulumi.Input<string>>> = {}): EnvVar[] => [
  { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ...Object.entries({
    DATA: REDIS_PATHS.data,
    CONFIG: REDIS_PATHS.config,
    SECRETS: REDIS_PATHS.secrets,
    SCRIPTS: REDIS_PATHS.scripts,
    TLS: REDIS_PATHS.tls,
    TRUST: REDIS_PATHS.trust,
    REDIS_PORT: String(REDIS_PORT),
    ...more,
  }).map(([name, value]) => ({ name, value })),
];

const mounts = [
  { name: 'data', mountPath: REDIS_PATHS.data },
  ...(['config', 'scripts', 'secrets', 'tls', 'trust'] as const).map((name) => ({
    name,
    mountPath: REDIS_PATHS[name],
    readOnly: true,
  })),
];

function volumes({ config, scripts, files, certificates }: RedisPodOptions): Volume[] {
  const { secret, trust } = certificates;
  return [
    { name: 'config', configMap: { name: config } },
    { name: 'scripts', configMap: { name: scripts } },
    { name: 'secrets', secret: { secretName: files, defaultMode: SECRET_MODE } },
    {
      name: 'tls',
      secret: {
        secretName: secret,
        defaultMode: SECRET_MODE,
        items: ['tls.crt', 'tls.key'].map((key) => ({ key, path: key })),
      },
    },
    { name: 'trust', configMap: { name: trust.configMap, items: [{ key: trust.key, path: CA_FILE }] } },
  ];
}

export const script = (name: string, ...args: readonly string[]): string[] => [
  'sh',
  `${REDIS_PATHS.scripts}/${name}.sh`,
  ...args,
];

/**
 * Each takes a process and a TLS handshake, because Redis answers no HTTP. They are rare enough not to load a small
 * node.
 */
const probe = (what: 'alive' | 'ready' | 'sentinel' | 'quorum', timing: Probe): Probe => ({
  exec: { command: script('probe', what) },
  timeoutSeconds: 5,
  ...timing,
});

/** The container of Redis itself. */
export const redisContainer = (
  { image, memoryMib }: RedisPodOptions,
  command: readonly string[],
  env: EnvVar[],
): Container => ({
  name: 'redis',
  image,
  imagePullPolicy: 'IfNotPresent',
  command: [...command],
  env,
  ports: [{ name: 'redis', containerPort: REDIS_PORT }],
  resources: resources(['100m', '256Mi'], ['1', `${memoryLimitMib(memoryMib)}Mi`]),
  // A large file takes long to load.
  startupProbe: probe('ready', { periodSeconds: 3, failureThreshold: 200 }),
  livenessProbe: probe('alive', { periodSeconds: 20, failureThreshold: 3 }),
  readinessProbe: probe('ready', { periodSeconds: 10, failureThreshold: 2 }),
  securityContext: containerSecurity,
  volumeMounts: mounts,
});

/** Started before Redis and stopped after it. */
const sidecar = {
  restartPolicy: 'Always',
  imagePullPolicy: 'IfNotPresent',
  securityContext: containerSecurity,
};

/** Gives Redis its renewed certificate. With a restart, players would have to repeat the moves of some seconds. */
export const keeperContainer = (image: string, env: EnvVar[]): Container => ({
  ...sidecar,
  name: 'certificates',
  image,
  command: script('keeper'),
  env,
  resources: resources(['5m', '16Mi'], ['100m', '64Mi']),
  volumeMounts: mounts.filter(({ name }) => name !== 'data' && name !== 'config'),
});

export const sentinelContainer = (image: string, env: EnvVar[]): Container => ({
  ...sidecar,
  name: 'sentinel',
  image,
  command: script('start-sentinel'),
  env,
  ports: [{ name: 'sentinel', containerPort: SENTINEL_PORT }],
  // A sentinel that is held up for two seconds no longer trusts its clock, and replaces no primary for half a minute.
  // So it gets more CPU than it usually needs, with room for its probes.
  resources: resources(['50m', '32Mi'], ['1', '128Mi']),
  startupProbe: probe('sentinel', { periodSeconds: 3, failureThreshold: 40 }),
  livenessProbe: probe('sentinel', { periodSeconds: 20, failureThreshold: 3 }),
  // A rollout goes on only while the sentinels could replace a primary.
  readinessProbe: probe('quorum', { periodSeconds: 15, failureThreshold: 2 }),
  volumeMounts: mounts,
});

/** The parts of a Redis pod that are the same in every topology. */
export const redisPodSpec = (
  options: RedisPodOptions,
  rest: Partial<types.input.core.v1.PodSpec> & Pick<types.input.core.v1.PodSpec, 'containers'>,
): types.input.core.v1.PodSpec => ({
  serviceAccountName: redisName(options.cluster),
  ...isolatedPod,
  securityContext: podSecurity,
  volumes: volumes(options),
  ...rest,
});

/** The volume each Redis keeps its file on. */
export const dataClaim = (
  cluster: string,
  { storage, storageClass }: { storage: string; storageClass: string | undefined },
): types.input.core.v1.PersistentVolumeClaim => ({
  metadata: { name: 'data', labels: labelsOf({ cluster, part: 'redis' }) },
  spec: {
    accessModes: ['ReadWriteOnce'],
    ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
    resources: { requests: { storage } },
  },
});
