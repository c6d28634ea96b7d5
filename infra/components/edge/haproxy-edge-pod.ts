import type * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { mirrored } from '../artifacts.ts';
import { containerSecurity, isolatedPod, podSecurity, resources, SECRET_MODE } from '../hardening.ts';
import type { HaproxyEdgePodsArgs } from './edge-args.ts';
import { EDGE_PORTS, edgeSelector, HAPROXY_PORTS } from './names.ts';
import { placement, spread } from './pod-placement.ts';

export const CONFIG_FILE = 'haproxy.cfg';
export const CERTIFICATE_PATH = '/etc/edge/tls/tls.crt';
export const RUNTIME_SOCKET = '/run/edge/haproxy.sock';
/** Drains the pod on request: only the kubelet can reach it. */
const DRAIN_PORT = 9103;
export const HAPROXY_IMAGE = 'haproxy:3.2';

/** The time in which balancers learn that a pod ends, while it still accepts connections. */
const ACCEPT_SECONDS = 10;
/** The window over which its open sockets are then closed. */
const SPREAD_SECONDS = 45;
export const HAPROXY_GRACE_SECONDS = ACCEPT_SECONDS + SPREAD_SECONDS + 15;

export interface HaproxyPodArgs extends HaproxyEdgePodsArgs {
  readonly configSecret: pulumi.Input<string>;
  readonly account: pulumi.Input<string>;
}

type Container = kubernetes.types.input.core.v1.Container;

const runtimeMount = { name: 'run', mountPath: '/run/edge' };
const tlsMount = { name: 'tls', mountPath: '/etc/edge/tls', readOnly: true };
const probe = (action: object, periodSeconds: number, failureThreshold: number, timeoutSeconds = 2) => ({
  ...action,
  periodSeconds,
  failureThreshold,
  timeoutSeconds,
});
const get = (port: string, path: string) => ({ httpGet: { port, path } });

function haproxy({ haproxyImage = HAPROXY_IMAGE, imageMirror = '', pod = {} }: HaproxyPodArgs): Container {
  const ports = { ...EDGE_PORTS, metrics: HAPROXY_PORTS.metrics };
  return {
    name: 'haproxy',
    image: mirrored({ imageMirror }, haproxyImage),
    imagePullPolicy: 'IfNotPresent',
    command: ['haproxy', '-db', '-f', `/etc/edge/config/${CONFIG_FILE}`],
    ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort })),
    startupProbe: probe(get('metrics', '/healthz'), 1, 30),
    // Whether it accepts connections: not while it is drained.
    readinessProbe: probe({ tcpSocket: { port: 'https' } }, 5, 2),
    // Patient, because a kill cuts off all of its sockets, and a busy node answers late.
    livenessProbe: probe(get('metrics', '/healthz'), 10, 6, 5),
    // Answers when the sockets are closed; only then does HAProxy get the signal to stop.
    lifecycle: { preStop: { httpGet: { port: DRAIN_PORT, path: '/drain' } } },
    securityContext: containerSecurity,
    resources: resources(['100m', '128Mi'], ['2', '768Mi']),
    volumeMounts: [
      { name: 'config', mountPath: '/etc/edge/config', readOnly: true },
      tlsMount,
      runtimeMount,
      ...(pod.volumeMounts ?? []),
    ],
  };
}

/** Starts before HAProxy and ends after it, because it drains it. */
function agent({ agentImage, proxyProtocol = false }: HaproxyPodArgs): Container {
  const environment = {
    EDGE_CERTIFICATE: CERTIFICATE_PATH,
    EDGE_RUNTIME_SOCKET: RUNTIME_SOCKET,
    EDGE_PORT: String(EDGE_PORTS.https),
    EDGE_PROXY_PROTOCOL: String(proxyProtocol),
    AGENT_PORT: String(HAPROXY_PORTS.agent),
    AGENT_DRAIN_PORT: String(DRAIN_PORT),
    DRAIN_ACCEPT_MS: String(1000 * ACCEPT_SECONDS),
    DRAIN_SPREAD_MS: String(1000 * SPREAD_SECONDS),
  };
  return {
    name: 'agent',
    image: agentImage,
    imagePullPolicy: 'IfNotPresent',
    restartPolicy: 'Always',
    args: ['/app/edge-agent.mjs'],
    env: Object.entries(environment).map(([name, value]) => ({ name, value })),
    ports: [{ name: 'agent', containerPort: HAPROXY_PORTS.agent }],
    startupProbe: probe(get('agent', '/healthz'), 1, 30),
    readinessProbe: probe(get('agent', '/readyz'), 5, 3),
    livenessProbe: probe(get('agent', '/healthz'), 10, 3),
    securityContext: containerSecurity,
    resources: resources(['10m', '64Mi'], ['500m', '192Mi']),
    volumeMounts: [tlsMount, runtimeMount],
  };
}

/** The pod of the plain edge: HAProxy, and the agent next to it. */
export const haproxyPod = (args: HaproxyPodArgs): kubernetes.types.input.core.v1.PodSpec => ({
  ...placement(args.pod ?? {}),
  ...isolatedPod,
  serviceAccountName: args.account,
  securityContext: podSecurity,
  terminationGracePeriodSeconds: HAPROXY_GRACE_SECONDS,
  initContainers: [agent(args)],
  containers: [haproxy(args)],
  volumes: [
    { name: 'config', secret: { secretName: args.configSecret, defaultMode: SECRET_MODE } },
    { name: 'tls', secret: { secretName: args.certificateSecret, defaultMode: SECRET_MODE } },
    { name: 'run', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    ...(args.pod?.volumes ?? []),
  ],
  ...spread(edgeSelector(args.cluster, 'haproxy')),
});
