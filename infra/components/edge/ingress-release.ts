import * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import type { Config } from '../../config/config.ts';
import { ALPN } from '../../edge/limits.ts';
import { chartPlace, mirrored } from '../artifacts.ts';
import { secretOf } from '../certificates/certificate-set.ts';
import {
  CONTROLLER,
  CONTROLLER_NAMESPACE,
  EDGE_PORTS,
  INGRESS_CLASS,
  loadBalancerAnnotations,
  nodePorts,
  serverSlots,
  serviceReach,
} from './edge-service.ts';

const TIMEOUT_SECONDS = 600;
/** In which everybody learns that a pod ends, while it still takes connections. */
const ACCEPT_SECONDS = 10;
/** How long open sockets may then stay; those that do come back through another pod, with jitter. */
const DRAIN_SECONDS = 110;

/** Stops taking connections, and waits for the open ones as long as the pod may. */
const drain = [
  `sleep ${ACCEPT_SECONDS}`,
  'kill -USR1 $(pidof haproxy)',
  'while pidof haproxy > /dev/null; do sleep 1; done',
].join('; ');

const settingsOf = (kind: string, name: string) => ({ [`cr-${kind}`]: `${CONTROLLER_NAMESPACE}/${name}` });

/** The controller's release. Its chart runs a hook that makes the custom resources' definitions. */
export function controllerRelease(config: Config, opts: pulumi.CustomResourceOptions): kubernetes.helm.v3.Release {
  const replicas = config.ingressReplicas;
  const size = { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '768Mi' } };
  return new kubernetes.helm.v3.Release(
    CONTROLLER,
    {
      ...chartPlace(config, 'ingress'),
      name: CONTROLLER,
      namespace: CONTROLLER_NAMESPACE,
      timeout: TIMEOUT_SECONDS,
      values: {
        controller: {
          kind: 'Deployment',
          replicaCount: replicas,
          minReadySeconds: 5,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          image: { repository: mirrored(config, 'docker.io/haproxytech/kubernetes-ingress') },
          unprivileged: true,
          enableRuntimeDefaultSeccompProfile: true,
          allowPrivilegeEscalation: false,
          enableServiceLinks: false,
          containerPort: EDGE_PORTS,
          pprof: { enabled: false },
          prometheus: { enabled: true },
          ingressClass: INGRESS_CLASS,
          ingressClassResource: { name: INGRESS_CLASS },
          // A client that names no host, or connects by address, is shown the game's certificate too. By name: the
          // controller can be installed while the certificate is made.
          defaultTLSSecret: { enabled: true, secretNamespace: config.namespace, secret: secretOf('edge') },
          resources: size,
          terminationGracePeriodSeconds: ACCEPT_SECONDS + DRAIN_SECONDS + 10,
          lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', drain] } } },
          PodDisruptionBudget: { enable: replicas > 1, maxUnavailable: 1 },
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: {
                matchLabels: {
                  'app.kubernetes.io/name': 'kubernetes-ingress',
                  'app.kubernetes.io/instance': CONTROLLER,
                },
              },
            },
          ],
          service: {
            ...serviceReach(config),
            annotations: loadBalancerAnnotations(config),
            ports: { http: config.httpPort, https: config.port },
            nodePorts: nodePorts(config) ?? {},
            // Statistics and the controller's own interface are no business of the players.
            enablePorts: { http: true, https: true, quic: false, stat: false, admin: false },
          },
          extraArgs: ['--disable-quic'],
          config: {
            ...settingsOf('global', 'edge'),
            ...settingsOf('defaults', 'edge'),
            ...settingsOf('frontend-https', 'edge-https'),
            ...settingsOf('frontend-http', 'edge-http'),
            ...settingsOf('frontend-stats', 'edge-stats'),
            'scale-server-slots': String(serverSlots(config)),
            'tls-alpn': ALPN,
            // The balancer's addresses are not known, and nobody else reaches these ports.
            ...(config.proxyProtocol ? { 'proxy-protocol': '0.0.0.0/0,::/0' } : {}),
          },
        },
        crdjob: { resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } } },
      },
    },
    opts,
  );
}
