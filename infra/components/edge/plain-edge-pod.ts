import type * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import type { Config } from '../../config/config.ts';
import { mirrored } from '../artifacts.ts';
import { containerSecurity, isolatedPod, podSecurity, resources, SECRET_MODE } from '../hardening.ts';
import { selector } from '../labels.ts';
import { EDGE, EDGE_PORTS } from './edge-service.ts';

export const CONFIG_FILE = 'haproxy.cfg';
export const CERTIFICATE_PATH = '/etc/edge/tls/tls.crt';
export const RUNTIME_SOCKET = '/run/edge/haproxy.sock';
/** HAProxy's Prometheus exporter, and `/healthz`. */
export const METRICS_PORT = 8404;
/** The certificate agent's metrics and probes. */
export const AGENT_PORT = 9102;
/** Drains the pod on request: only the kubelet can reach it. */
const DRAIN_PORT = 9103;

/** In which everybody learns that a pod ends, while it still takes connections. */
const ACCEPT_SECONDS = 10;
/** Over which its open sockets are then closed. */
const SPREAD_SECONDS = 45;
export const EDGE_GRACE_SECONDS = ACCEPT_SECONDS + SPREAD_SECONDS + 15;

export interface EdgePodArgs {
  readonly config: Config;
  /** Image of the game, which has the agent. */
  readonly image: pulumi.Input<string>;
  readonly configSecret: pulumi.Input<string>;
  readonly tlsSecret: pulumi.Input<string>;
}

type Container = kubernetes.types.input.core.v1.Container;

const runtimeMount = { name: 'run', mountPath: '/run/edge' };
const tlsMount = { name: 'tls', mountPath: '/etc/edge/tls', readOnly: true };
const probe = (port: string, path: string, periodSeconds: number, failureThreshold: number) => ({
  httpGet: { port, path },
  periodSeconds,
  failureThreshold,
  timeoutSeconds: 2,
});

function haproxy({ config }: EdgePodArgs): Container {
  return {
    name: 'haproxy',
    image: mirrored(config, config.haproxyImage),
    imagePullPolicy: 'IfNotPresent',
    command: ['haproxy', '-db', '-f', `/etc/edge/config/${CONFIG_FILE}`],
    ports: [
      { name: 'https', containerPort: EDGE_PORTS.https },
      { name: 'http', containerPort: EDGE_PORTS.http },
      { name: 'metrics', containerPort: METRICS_PORT },
    ],
    startupProbe: probe('metrics', '/healthz', 1, 30),
    readinessProbe: probe('metrics', '/healthz', 5, 2),
    livenessProbe: probe('metrics', '/healthz', 10, 3),
    // Answers when the sockets are closed; only then HAProxy is told to stop.
    lifecycle: { preStop: { httpGet: { port: DRAIN_PORT, path: '/drain' } } },
    securityContext: containerSecurity,
    resources: resources(['100m', '128Mi'], ['2', '768Mi']),
    volumeMounts: [{ name: 'config', mountPath: '/etc/edge/config', readOnly: true }, tlsMount, runtimeMount],
  };
}

/** Starts before HAProxy and ends after it: it is what empties it. */
function agent({ config, image }: EdgePodArgs): Container {
  const environment = {
    EDGE_CERTIFICATE: CERTIFICATE_PATH,
    EDGE_RUNTIME_SOCKET: RUNTIME_SOCKET,
    EDGE_PORT: String(EDGE_PORTS.https),
    EDGE_PROXY_PROTOCOL: String(config.proxyProtocol),
    AGENT_PORT: String(AGENT_PORT),
    AGENT_DRAIN_PORT: String(DRAIN_PORT),
    DRAIN_ACCEPT_MS: String(1000 * ACCEPT_SECONDS),
    DRAIN_SPREAD_MS: String(1000 * SPREAD_SECONDS),
  };
  return {
    name: 'agent',
    image,
    imagePullPolicy: 'IfNotPresent',
    restartPolicy: 'Always',
    args: ['/app/edge-agent.mjs'],
    env: Object.entries(environment).map(([name, value]) => ({ name, value })),
    ports: [{ name: 'agent', containerPort: AGENT_PORT }],
    startupProbe: probe('agent', '/healthz', 1, 30),
    readinessProbe: probe('agent', '/readyz', 5, 3),
    livenessProbe: probe('agent', '/healthz', 10, 3),
    securityContext: containerSecurity,
    resources: resources(['10m', '64Mi'], ['500m', '192Mi']),
    volumeMounts: [tlsMount, runtimeMount],
  };
}

/** The pod of the plain edge: HAProxy, and the agent next to it. */
export function edgePod(args: EdgePodArgs): kubernetes.types.input.core.v1.PodSpec {
  const where = { labelSelector: { matchLabels: selector(EDGE) } };
  return {
    ...isolatedPod,
    serviceAccountName: EDGE,
    securityContext: podSecurity,
    terminationGracePeriodSeconds: EDGE_GRACE_SECONDS,
    initContainers: [agent(args)],
    containers: [haproxy(args)],
    volumes: [
      { name: 'config', secret: { secretName: args.configSecret, defaultMode: SECRET_MODE } },
      { name: 'tls', secret: { secretName: args.tlsSecret, defaultMode: SECRET_MODE } },
      { name: 'run', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    ],
    topologySpreadConstraints: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: 'ScheduleAnyway',
      matchLabelKeys: ['pod-template-hash'],
      ...where,
    })),
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', ...where } },
        ],
      },
    },
  };
}
