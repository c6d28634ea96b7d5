import type * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { mirrored } from '../artifacts.ts';
import { containerSecurity, resources } from '../hardening.ts';
import type { PodOptions } from '../part.ts';
import { CONTROLLER_GRACE_SECONDS, drainScript } from './controller-drain.ts';
import { CONTROLLER_PORTS, EDGE_PORTS, edgeName, edgeSelector } from './names.ts';
import { placement, spread } from './pod-placement.ts';

/** The version that the chart is pinned with. */
export const CONTROLLER_IMAGE = 'docker.io/haproxytech/kubernetes-ingress:3.2.12';
/** User and group that the files of the image belong to. */
const USER = 1000;
/** The variable of the key behind the sticky cookie in HAProxy's configuration. */
export const COOKIE_KEY_VARIABLE = 'EDGE_COOKIE_KEY';
export const COOKIE_KEY = 'cookie.key';

export interface ControllerPodArgs {
  readonly cluster: string;
  readonly namespace: pulumi.Input<string>;
  readonly account: pulumi.Input<string>;
  readonly image: string;
  readonly imageMirror: string;
  readonly ingressClass: pulumi.Input<string>;
  /** Name of the ConfigMap with the controller's settings. */
  readonly settings: pulumi.Input<string>;
  /** Secret with `COOKIE_KEY`. */
  readonly keySecret: pulumi.Input<string>;
  readonly certificateSecret: pulumi.Input<string>;
  readonly pod: PodOptions;
}

type Container = kubernetes.types.input.core.v1.Container;

const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount';
const TOKEN_SECONDS = 3607;

/** The token that the kubelet would mount by itself, requested only for this container. */
const token = {
  name: 'token',
  projected: {
    defaultMode: 0o440,
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: TOKEN_SECONDS } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
    ],
  },
};

const CONFIGURATION = '/etc/haproxy';

/**
 * Everything that controller and HAProxy write: configuration, certificates and sockets. Nothing of it outlives the
 * pod.
 */
const WRITABLE = [
  { name: 'work', mountPath: '/tmp', subPath: 'tmp' },
  { name: 'work', mountPath: '/run', subPath: 'run' },
  { name: 'work', mountPath: '/var/state/haproxy', subPath: 'state' },
  { name: 'configuration', mountPath: CONFIGURATION },
];

const inMemory = (sizeLimit: string) => ({ medium: 'Memory', sizeLimit });

function commandLine(args: ControllerPodArgs): pulumi.Input<string>[] {
  const own = (name: pulumi.Input<string>) => pulumi.interpolate`${args.namespace}/${name}`;
  return [
    pulumi.interpolate`--configmap=${own(args.settings)}`,
    // A client that names no host, or connects by address, gets this certificate too. By name: the controller can start
    // while it is made.
    pulumi.interpolate`--default-ssl-certificate=${own(args.certificateSecret)}`,
    // It reads nothing in other namespaces.
    pulumi.interpolate`--namespace-whitelist=${args.namespace}`,
    pulumi.interpolate`--ingress.class=${args.ingressClass}`,
    pulumi.interpolate`--publish-service=${own(edgeName(args.cluster))}`,
    `--http-bind-port=${EDGE_PORTS.http}`,
    `--https-bind-port=${EDGE_PORTS.https}`,
    `--stats-bind-port=${CONTROLLER_PORTS.stat}`,
    `--healthz-bind-port=${CONTROLLER_PORTS.healthz}`,
    `--controller-port=${CONTROLLER_PORTS.admin}`,
    '--disable-quic',
    '--log=info',
  ];
}

const probe = (action: object, periodSeconds: number, failureThreshold: number, timeoutSeconds = 2) => ({
  ...action,
  periodSeconds,
  failureThreshold,
  timeoutSeconds,
});

const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });

const security = {
  ...containerSecurity,
  runAsUser: USER,
  runAsGroup: USER,
};

const imageOf = ({ imageMirror, image }: ControllerPodArgs) => ({
  image: mirrored({ imageMirror }, image),
  imagePullPolicy: 'IfNotPresent',
});

/** HAProxy starts before the controller has written anything, with the configuration in the image. */
const firstConfiguration = (args: ControllerPodArgs): Container => ({
  name: 'first-configuration',
  ...imageOf(args),
  command: ['/bin/sh', '-c', `cp -R ${CONFIGURATION}/. /configuration/`],
  securityContext: security,
  resources: resources(['10m', '16Mi'], ['200m', '64Mi']),
  volumeMounts: [{ name: 'configuration', mountPath: '/configuration' }],
});

function controller(args: ControllerPodArgs): Container {
  const ports = { ...EDGE_PORTS, ...CONTROLLER_PORTS };
  return {
    name: 'controller',
    ...imageOf(args),
    args: commandLine(args),
    env: [
      field('POD_NAME', 'metadata.name'),
      field('POD_NAMESPACE', 'metadata.namespace'),
      field('POD_IP', 'status.podIP'),
      // HAProxy can read it from a variable, but not from a file.
      { name: COOKIE_KEY_VARIABLE, valueFrom: { secretKeyRef: { name: args.keySecret, key: COOKIE_KEY } } },
    ],
    ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort })),
    // HAProxy runs.
    startupProbe: probe({ httpGet: { port: 'healthz', path: '/healthz' } }, 1, 120),
    // It has its configuration. Not at the https port, which opens only with a certificate: an ACME authority that
    // issues the first one connects over http.
    readinessProbe: probe({ tcpSocket: { port: 'http' } }, 5, 2),
    // The controller follows the cluster; a HAProxy that dies is started again within the container. Patient, because a
    // kill cuts off all of its sockets, and a busy node answers late.
    livenessProbe: probe({ httpGet: { port: 'admin', path: '/healthz' } }, 10, 6, 5),
    // Ends when the sockets are closed; only then does HAProxy get the signal to stop.
    lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', drainScript()] } } },
    // The file of HAProxy's wrapper has this capability, so the kernel starts it only in a container that may have it.
    securityContext: { ...security, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } },
    resources: resources(['100m', '192Mi'], ['2', '768Mi']),
    volumeMounts: [
      ...WRITABLE,
      { name: token.name, mountPath: TOKEN, readOnly: true },
      ...(args.pod.volumeMounts ?? []),
    ],
  };
}

/** The pod of the cluster's own ingress controller, with HAProxy in the same container. */
export function controllerPod(args: ControllerPodArgs): kubernetes.types.input.core.v1.PodSpec {
  return {
    ...placement(args.pod),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    serviceAccountName: args.account,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    terminationGracePeriodSeconds: CONTROLLER_GRACE_SECONDS,
    initContainers: [firstConfiguration(args)],
    containers: [controller(args)],
    volumes: [
      { name: 'work', emptyDir: inMemory('64Mi') },
      { name: 'configuration', emptyDir: inMemory('32Mi') },
      token,
      ...(args.pod.volumes ?? []),
    ],
    ...spread(edgeSelector(args.cluster, 'controller')),
  };
}
