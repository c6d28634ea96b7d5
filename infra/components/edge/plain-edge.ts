import { createHash } from 'node:crypto';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { edgeSettings } from '../../config/edge-settings.ts';
import { publicUrl } from '../../config/origin.ts';
import { renderEdge } from '../../edge/render.ts';
import { labels, selector } from '../labels.ts';
import { HTTP_PORT, INTERNAL_PORT } from '../replicas/gridlock.ts';
import type { Edge, EdgeArgs } from './edge-service.ts';
import {
  balancerAddress,
  EDGE,
  EDGE_PORTS,
  loadBalancerAnnotations,
  nodePorts,
  serverSlots,
  serviceReach,
} from './edge-service.ts';
import {
  CERTIFICATE_PATH,
  CONFIG_FILE,
  EDGE_GRACE_SECONDS,
  edgePod,
  METRICS_PORT,
  RUNTIME_SOCKET,
} from './plain-edge-pod.ts';

/** As it is in nearly every cluster; the name servers of a pod take no shorter name without a search list. */
const CLUSTER_DOMAIN = 'cluster.local';

/**
 * A plain HAProxy with the configuration of `infra/edge`, for clusters that allow no controller. It finds the
 * replicas by DNS, and an agent next to it replaces the certificate and drains it before it ends.
 */
export class HaproxyEdge extends pulumi.ComponentResource implements Edge {
  readonly url: pulumi.Output<string>;
  readonly address: pulumi.Output<string>;

  constructor(name: string, args: EdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:HaproxyEdge', name, {}, opts);
    const { config, namespace } = args;
    const text = haproxyConfig(this, name, args);
    const settings = new kubernetes.core.v1.Secret(
      `${name}-config`,
      {
        metadata: { name: `${EDGE}-config`, namespace, labels: labels(EDGE) },
        type: 'Opaque',
        stringData: { [CONFIG_FILE]: text },
      },
      { parent: this },
    );
    const deployment = makeDeployment(this, name, args, text, settings);
    const service = makeService(this, name, args);
    makeBudget(this, name, namespace);

    this.url = pulumi.all([deployment.id, service.id]).apply(() => `${publicUrl(config)}/`);
    this.address = service.status.apply((status) => balancerAddress(status));
    this.registerOutputs({ url: this.url, address: this.address });
  }
}

/** `haproxy.cfg`, which has the key behind the sticky cookie in it. */
function haproxyConfig(parent: HaproxyEdge, name: string, { config, namespace, game }: EdgeArgs) {
  const key = new random.RandomPassword(`${name}-cookie-key`, { length: 40, special: false }, { parent });
  const inside = pulumi.all([key.result, namespace, game.headlessService]);
  const text = inside.apply(([cookieKey, where, service]) =>
    renderEdge({
      settings: edgeSettings(config),
      servers: {
        name: `${service}.${where}.svc.${CLUSTER_DOMAIN}`,
        port: HTTP_PORT,
        checkPort: INTERNAL_PORT,
        slots: serverSlots(config),
        hashKey: 'addr-port',
      },
      certificate: CERTIFICATE_PATH,
      separateKey: true,
      cookieKey,
      runtimeSocket: RUNTIME_SOCKET,
      metrics: `*:${METRICS_PORT}`,
      health: true,
      addresses: ['*'],
      listenPorts: EDGE_PORTS,
      acceptProxy: config.proxyProtocol,
    }),
  );
  return pulumi.secret(text);
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

function makeDeployment(
  parent: HaproxyEdge,
  name: string,
  args: EdgeArgs,
  text: pulumi.Output<string>,
  settings: kubernetes.core.v1.Secret,
) {
  const { config, namespace, image, certificates } = args;
  const metadata = { name: EDGE, namespace, labels: labels(EDGE) };
  const account = new kubernetes.core.v1.ServiceAccount(
    name,
    { metadata, automountServiceAccountToken: false },
    { parent },
  );
  const pod = edgePod({
    config,
    image,
    configSecret: settings.metadata.name,
    tlsSecret: certificates.edgeSecret,
  });
  return new kubernetes.apps.v1.Deployment(
    name,
    {
      metadata,
      spec: {
        replicas: config.ingressReplicas,
        minReadySeconds: 5,
        progressDeadlineSeconds: 120 + config.ingressReplicas * EDGE_GRACE_SECONDS,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        selector: { matchLabels: selector(EDGE) },
        template: {
          metadata: {
            labels: labels(EDGE),
            // HAProxy reads its configuration once: a changed one is new pods, one by one. No secret: a
            // digest.
            annotations: { 'gridlock/config': pulumi.unsecret(text.apply(digest)) },
          },
          spec: pod,
        },
      },
    },
    { parent, dependsOn: account },
  );
}

function makeService(parent: HaproxyEdge, name: string, { config, namespace }: EdgeArgs) {
  const fixed = nodePorts(config);
  return new kubernetes.core.v1.Service(
    name,
    {
      metadata: { name: EDGE, namespace, labels: labels(EDGE), annotations: loadBalancerAnnotations(config) },
      spec: {
        ...serviceReach(config),
        selector: selector(EDGE),
        ports: [
          { name: 'https', port: config.port, targetPort: 'https', ...(fixed && { nodePort: fixed.https }) },
          { name: 'http', port: config.httpPort, targetPort: 'http', ...(fixed && { nodePort: fixed.http }) },
        ],
      },
    },
    { parent },
  );
}

const makeBudget = (parent: HaproxyEdge, name: string, namespace: pulumi.Input<string>) =>
  new kubernetes.policy.v1.PodDisruptionBudget(
    name,
    {
      metadata: { name: EDGE, namespace, labels: labels(EDGE) },
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: selector(EDGE) },
        // One that is not ready serves nobody, and must not keep a node from being drained.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    },
    { parent },
  );
