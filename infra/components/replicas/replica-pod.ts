import type { types } from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { containerSecurity, isolatedPod, podSecurity, resources, SECRET_MODE, USER } from '../hardening.ts';
import { selectorOf } from '../labels.ts';
import type { Lifecycle } from './lifecycle.ts';
import { redisFiles, redisVariables } from './redis-access.ts';
import type { MountedFiles, ReplicasArgs } from './replicas-args.ts';

type PodSpec = types.input.core.v1.PodSpec;
type Container = types.input.core.v1.Container;
type EnvVar = types.input.core.v1.EnvVar;

/** Default port of the sockets. */
export const DEFAULT_PORT = 8080;
/** Default number of seconds that a replica may take to start. */
export const DEFAULT_START_SECONDS = 60;
/** Name of the container that the server runs in. */
export const CONTAINER = 'server';
/** Names of its ports: of the sockets, and the one that clients do not reach. */
const [HTTP, INTERNAL] = ['http', 'internal'];

/** A port of the container. */
export interface ContainerPort {
  readonly name: string;
  readonly number: number;
}

/** The arguments that name ports of a replica. */
type Ports = Pick<ReplicasArgs, 'port' | 'health' | 'readiness' | 'liveness' | 'metrics'>;

const portOf = ({ port = DEFAULT_PORT }: Ports): number => port;

/** The ports that a replica listens on: that of its sockets first. */
export function containerPorts(args: Ports): ContainerPort[] {
  const { health, readiness, liveness, metrics } = args;
  const others = [health, readiness, liveness, metrics]
    .map((each) => each?.port)
    .filter((port): port is number => port !== undefined && port !== portOf(args));
  return [
    { name: HTTP, number: portOf(args) },
    ...[...new Set(others)].map((number, index) => ({
      name: index === 0 ? INTERNAL : `${INTERNAL}-${index + 1}`,
      number,
    })),
  ];
}

/** The container's port with a number. */
export const namedPort = (args: Ports, number: number | undefined): ContainerPort =>
  containerPorts(args).find((port) => port.number === number) ?? { name: HTTP, number: portOf(args) };

/**
 * The three probes of a replica: has it started, is it alive, does it take clients. A server with only a port has no
 * liveness probe: the kernel accepts connections for it even when it hangs, and a process that ends is restarted
 * anyway.
 */
function probes(args: ReplicasArgs): Pick<Container, 'startupProbe' | 'livenessProbe' | 'readinessProbe'> {
  const { health = {} } = args;
  const ask = ({ path, port }: { path?: string; port?: number }) => {
    const { name } = namedPort(args, port);
    return path === undefined || path === '' ? { tcpSocket: { port: name } } : { httpGet: { path, port: name } };
  };
  const [liveness, readiness] = [args.liveness ?? health, args.readiness ?? health];
  const [alive, ready] = [ask(liveness), ask(readiness)];
  return {
    startupProbe: {
      ...alive,
      periodSeconds: 1,
      timeoutSeconds: 1,
      failureThreshold: health.startSeconds ?? DEFAULT_START_SECONDS,
    },
    ...(liveness.path
      ? { livenessProbe: { ...alive, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 } }
      : {}),
    readinessProbe: { ...ready, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 },
  };
}

/**
 * While it waits, the replica serves as before and the edge stops sending it clients. The kubelet itself can send only
 * SIGTERM: another signal is sent by a shell of the image, which then waits until the server has ended.
 */
function preStop({ drain }: ReplicasArgs, times: Lifecycle): types.input.core.v1.LifecycleHandler {
  const signal = drain?.signal ?? 'SIGTERM';
  if (signal === 'SIGTERM') return { sleep: { seconds: times.preStopSeconds } };
  return { exec: { command: ['/bin/sh', '-c', `sleep ${times.preStopSeconds}; ${drainScript(signal, times)}`] } };
}

/** Sends a signal to a process, by default the server of a container, and waits until it has ended. */
export const drainScript = (signal: string, { drainSeconds }: Pick<Lifecycle, 'drainSeconds'>, pid = 1): string =>
  `kill -${signal.replace(/^SIG/, '')} ${pid}; ` +
  `n=0; while [ $n -lt ${drainSeconds} ] && kill -0 ${pid}; do n=$((n+1)); sleep 1; done`;

/** The loss of a node or a zone takes as few replicas with it as possible, counted among those of one version. */
function spreading(cluster: string, acrossZones: boolean): Pick<PodSpec, 'topologySpreadConstraints' | 'affinity'> {
  const labelSelector = { matchLabels: selectorOf({ cluster, part: 'server' }) };
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
      // A pod should wait for this only where the nodes are known to have zones.
      over('topology.kubernetes.io/zone', acrossZones ? 'DoNotSchedule' : 'ScheduleAnyway'),
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

interface Mounted {
  readonly mount: types.input.core.v1.VolumeMount;
  readonly volume: types.input.core.v1.Volume;
}

function mounted({ name, directory, secret, configMap, keys }: MountedFiles): Mounted {
  const items = keys === undefined ? {} : { items: keys.map((key) => ({ key, path: key })) };
  const source =
    secret === undefined
      ? { configMap: { name: configMap, ...items } }
      : { secret: { secretName: secret, defaultMode: SECRET_MODE, ...items } };
  return { mount: { name, mountPath: directory, readOnly: true }, volume: { name, ...source } };
}

const writable = (directory: string, index: number): Mounted => ({
  mount: { name: `writable-${index}`, mountPath: directory },
  volume: { name: `writable-${index}`, emptyDir: { sizeLimit: '64Mi' } },
});

function environment(args: ReplicasArgs, secret: pulumi.Input<string> | undefined): EnvVar[] {
  const variables: Readonly<Record<string, pulumi.Input<string>>> = {
    PORT: String(portOf(args)),
    ...args.environment,
  };
  return [
    // A replica has the name of its pod.
    { name: 'APPID', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ...Object.entries(variables).map(([name, value]) => ({ name, value })),
    ...Object.keys(args.secretEnvironment ?? {}).map((name) => ({
      name,
      valueFrom: { secretKeyRef: { name: secret!, key: name } },
    })),
    ...redisEnvironment(args),
  ];
}

const redisEnvironment = ({ redis, readsRedisFiles = false }: ReplicasArgs): readonly EnvVar[] =>
  redis === undefined ? [] : readsRedisFiles ? redis.env : redisVariables(redis);

/** The user of the pod's processes, where it is not the usual one. */
function identity<Security extends { runAsUser: number; runAsGroup: number }>(
  security: Security,
  { runAs }: ReplicasArgs,
): Security {
  if (runAs === undefined) return security;
  const { user = USER, group = user } = runAs;
  return { ...security, runAsUser: user, runAsGroup: group, ...('fsGroup' in security ? { fsGroup: group } : {}) };
}

export interface ReplicaPodOptions {
  readonly name: string;
  readonly cluster: string;
  readonly times: Lifecycle;
  /** Secret with the secret variables, if there are any. */
  readonly secret: pulumi.Input<string> | undefined;
}

/** The pod of a replica. */
export function replicaPod(args: ReplicasArgs, { name, cluster, times, secret }: ReplicaPodOptions): PodSpec {
  const { pod = {}, files = [], redis } = args;
  const all = [
    ...[...files, ...(redis ? redisFiles(redis) : [])].map(mounted),
    ...(args.writableDirectories ?? []).map(writable),
  ];
  return {
    serviceAccountName: name,
    ...isolatedPod,
    securityContext: identity(podSecurity, args),
    terminationGracePeriodSeconds: times.graceSeconds,
    ...spreading(cluster, args.acrossZones ?? false),
    ...(pod.imagePullSecrets ? { imagePullSecrets: pod.imagePullSecrets.map((secret) => ({ name: secret })) } : {}),
    ...(pod.nodeSelector ? { nodeSelector: pod.nodeSelector } : {}),
    ...(pod.tolerations ? { tolerations: [...pod.tolerations] } : {}),
    ...(pod.priorityClassName ? { priorityClassName: pod.priorityClassName } : {}),
    containers: [
      {
        name: CONTAINER,
        image: args.image,
        imagePullPolicy: 'IfNotPresent',
        ...(args.command ? { command: [...args.command] } : {}),
        ...(args.args ? { args: [...args.args] } : {}),
        env: environment(args, secret),
        ports: containerPorts(args).map((port) => ({ name: port.name, containerPort: port.number })),
        ...probes(args),
        lifecycle: { preStop: preStop(args, times) },
        resources: args.resources ?? resources(['100m', '192Mi'], ['2', '512Mi']),
        securityContext: identity(containerSecurity, args),
        volumeMounts: [...all.map(({ mount }) => mount), ...(pod.volumeMounts ?? [])],
      },
    ],
    volumes: [...all.map(({ volume }) => volume), ...(pod.volumes ?? [])],
  };
}
