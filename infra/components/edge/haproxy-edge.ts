import { createHash } from 'node:crypto';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { renderEdge } from '../../edge/render.ts';
import { labelsOf } from '../labels.ts';
import { type HaproxyEdgePodsArgs, settingsOf } from './edge-args.ts';
import {
  CERTIFICATE_PATH,
  CONFIG_FILE,
  HAPROXY_GRACE_SECONDS,
  haproxyPod,
  RUNTIME_SOCKET,
} from './haproxy-edge-pod.ts';
import { EDGE_PORTS, edgeDeployment, edgeName, edgePodLabels, edgeSelector, HAPROXY_PORTS } from './names.ts';

/** As in nearly every cluster. Without a search list, the name servers of a pod resolve only the whole name. */
const CLUSTER_DOMAIN = 'cluster.local';

/**
 * A plain HAProxy with the configuration of `infra/edge`, for clusters that allow no ingress controller. It finds the
 * replicas by DNS, and an agent next to it replaces the certificate and drains it before it ends.
 */
export class HaproxyEdge extends pulumi.ComponentResource {
  readonly deployment: kubernetes.apps.v1.Deployment;

  constructor(name: string, args: HaproxyEdgePodsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:HaproxyEdge', name, {}, opts);
    const { cluster, namespace } = args;
    const text = haproxyConfig(args);
    const settings = new kubernetes.core.v1.Secret(
      `${name}-config`,
      {
        metadata: {
          name: `${edgeName(cluster)}-config`,
          namespace,
          labels: labelsOf({ cluster, part: 'edge' }),
        },
        type: 'Opaque',
        stringData: { [CONFIG_FILE]: text },
      },
      { parent: this },
    );
    this.deployment = makeDeployment(this, name, args, text, settings);
    this.registerOutputs({});
  }
}

/** `haproxy.cfg`, which has the key behind the sticky cookie in it. */
function haproxyConfig(args: HaproxyEdgePodsArgs): pulumi.Output<string> {
  const { namespace, replicas, cookieKey: key, proxyProtocol = false } = args;
  const text = pulumi.all([key, namespace, replicas.headlessService]).apply(([cookieKey, where, service]) =>
    renderEdge({
      settings: settingsOf(args),
      servers: {
        name: `${service}.${where}.svc.${CLUSTER_DOMAIN}`,
        port: replicas.port,
        checkPort: replicas.checkPort ?? replicas.port,
        slots: replicas.slots,
        hashKey: 'addr-port',
      },
      certificate: CERTIFICATE_PATH,
      separateKey: true,
      cookieKey,
      runtimeSocket: RUNTIME_SOCKET,
      metrics: `*:${HAPROXY_PORTS.metrics}`,
      health: true,
      addresses: ['*'],
      listenPorts: EDGE_PORTS,
      acceptProxy: proxyProtocol,
    }),
  );
  return pulumi.secret(text);
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

function makeDeployment(
  parent: HaproxyEdge,
  name: string,
  args: HaproxyEdgePodsArgs,
  text: pulumi.Output<string>,
  settings: kubernetes.core.v1.Secret,
): kubernetes.apps.v1.Deployment {
  const { cluster, namespace, pods = 2, pod = {} } = args;
  const labels = labelsOf({ cluster, part: 'edge' });
  const metadata = { name: edgeDeployment(cluster, 'haproxy'), namespace, labels };
  const account = new kubernetes.core.v1.ServiceAccount(
    name,
    { metadata, automountServiceAccountToken: false },
    { parent },
  );
  return new kubernetes.apps.v1.Deployment(
    name,
    {
      metadata,
      spec: {
        replicas: pods,
        minReadySeconds: 5,
        progressDeadlineSeconds: 120 + pods * HAPROXY_GRACE_SECONDS,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        selector: { matchLabels: edgeSelector(cluster, 'haproxy') },
        template: {
          metadata: {
            labels: { ...labels, ...edgePodLabels('haproxy'), ...pod.labels },
            // HAProxy reads its configuration once, so a changed one replaces the pods, one by one. A digest reveals
            // nothing of it.
            annotations: { 'gridlock/config': pulumi.unsecret(text.apply(digest)), ...pod.annotations },
          },
          spec: haproxyPod({ ...args, configSecret: settings.metadata.name, account: account.metadata.name }),
        },
      },
    },
    { parent },
  );
}
