import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { ALPN } from '../../edge/limits.ts';
import { labelsOf } from '../labels.ts';
import { ControllerAccess } from './controller-access.ts';
import { controllerDefinitions } from './controller-definitions.ts';
import { CONTROLLER_GRACE_SECONDS } from './controller-drain.ts';
import { CONTROLLER_IMAGE, COOKIE_KEY, COOKIE_KEY_VARIABLE, controllerPod } from './controller-pod.ts';
import { type ControllerEdgeArgs, settingsOf } from './edge-args.ts';
import { haproxyResource, ingressBackend } from './ingress-backend.ts';
import { defaultsSpec, globalSpec, httpSpec, httpsSpec, statsSpec } from './ingress-resources.ts';
import { edgeDeployment, edgeName, edgePodLabels, edgeSelector, ingressClassOf } from './names.ts';

export interface IngressControllerArgs extends ControllerEdgeArgs {
  readonly cluster: string;
  /** The key behind the sticky cookie. */
  readonly cookieKey: pulumi.Input<string>;
}

/**
 * haproxytech's ingress controller for one cluster alone, and the Ingress on it. Custom resources configure HAProxy as
 * `infra/edge` configures a plain one.
 */
export class IngressController extends pulumi.ComponentResource {
  readonly deployment: kubernetes.apps.v1.Deployment;

  constructor(name: string, args: IngressControllerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:IngressController', name, {}, opts);
    const { cluster, namespace, chart, controllerImage: image = CONTROLLER_IMAGE, imageMirror = '' } = args;
    const parent = { parent: this };
    const ingressClass = ingressClassOf(namespace, cluster);
    const access = new ControllerAccess(`${name}-access`, { cluster, namespace }, parent);
    const release = controllerDefinitions(
      `${name}-definitions`,
      { cluster, namespace, chart, image, imageMirror, ingressClass, jobAccount: access.jobAccount },
      parent,
    );
    const resources = controllerResources(this, name, args, release);
    const ingress = ingressBackend(
      name,
      // HAProxy reads its environment, so that only its Secret holds the key.
      { ...args, ingressClass, cookieKey: `"\${${COOKIE_KEY_VARIABLE}}"`, shared: false },
      { parent: this, dependsOn: release },
    );
    this.deployment = makeDeployment(this, name, { ...args, account: access.controllerAccount, ingressClass, image }, [
      ...resources,
      ingress,
    ]);
    this.registerOutputs({});
  }
}

const metadataOf = ({ cluster, namespace }: Pick<IngressControllerArgs, 'cluster' | 'namespace'>, suffix = '') => ({
  name: `${edgeName(cluster)}${suffix}`,
  namespace,
  labels: labelsOf({ cluster, part: 'edge' }),
});

/** The controller's settings for all of its traffic, and the ConfigMap that names them. */
function controllerResources(
  parent: IngressController,
  name: string,
  args: IngressControllerArgs,
  release: kubernetes.helm.v3.Release,
): pulumi.Resource[] {
  const settings = settingsOf(args);
  const { proxyProtocol = false, namespace, cluster, replicas } = args;
  const specs = [
    ['global', 'Global', globalSpec(settings)],
    ['defaults', 'Defaults', defaultsSpec(settings)],
    ['frontend-https', 'Frontend', httpsSpec(settings, proxyProtocol)],
    ['frontend-http', 'Frontend', httpSpec(settings, proxyProtocol)],
    ['frontend-stats', 'Frontend', statsSpec()],
  ] as const;
  const suffixOf = (key: string) => (key.startsWith('frontend') ? key.slice('frontend'.length) : '');
  const resources = specs.map(([key, kind, spec]) =>
    haproxyResource(kind, `${name}-${key}`, metadataOf(args, suffixOf(key)), spec, { parent, dependsOn: release }),
  );
  const named = specs.map(([key]) => [
    `cr-${key}`,
    pulumi.interpolate`${namespace}/${edgeName(cluster)}${suffixOf(key)}`,
  ]);
  const map = new kubernetes.core.v1.ConfigMap(
    `${name}-settings`,
    {
      metadata: metadataOf(args),
      data: {
        ...(Object.fromEntries(named) as Record<string, pulumi.Output<string>>),
        'scale-server-slots': String(replicas.slots),
        'tls-alpn': ALPN,
        // The balancer's addresses are not known, and nothing else reaches these ports.
        ...(proxyProtocol ? { 'proxy-protocol': '0.0.0.0/0,::/0' } : {}),
      },
    },
    { parent },
  );
  return [...resources, map];
}

interface DeploymentArgs extends IngressControllerArgs {
  readonly account: pulumi.Input<string>;
  readonly ingressClass: pulumi.Input<string>;
  readonly image: string;
}

/**
 * It is made after everything that it reads, and removed before it, so that it serves its sockets until they are
 * closed.
 */
function makeDeployment(
  parent: IngressController,
  name: string,
  args: DeploymentArgs,
  dependsOn: pulumi.Resource[],
): kubernetes.apps.v1.Deployment {
  const {
    cluster,
    namespace,
    account,
    ingressClass,
    certificateSecret,
    image,
    imageMirror = '',
    pods = 2,
    pod = {},
  } = args;
  const part = { cluster, part: 'edge' } as const;
  const secret = new kubernetes.core.v1.Secret(
    `${name}-key`,
    { metadata: metadataOf(args, '-key'), type: 'Opaque', stringData: { [COOKIE_KEY]: pulumi.secret(args.cookieKey) } },
    { parent },
  );
  const keySecret = secret.metadata.name;
  const settings = edgeName(cluster);
  const spec = {
    cluster,
    namespace,
    account,
    image,
    imageMirror,
    ingressClass,
    settings,
    keySecret,
    certificateSecret,
    pod,
  };
  return new kubernetes.apps.v1.Deployment(
    `${name}-pods`,
    {
      metadata: { ...metadataOf(args), name: edgeDeployment(cluster, 'controller') },
      spec: {
        replicas: pods,
        minReadySeconds: 5,
        progressDeadlineSeconds: 120 + pods * CONTROLLER_GRACE_SECONDS,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        selector: { matchLabels: edgeSelector(cluster, 'controller') },
        template: {
          metadata: {
            labels: { ...labelsOf(part), ...edgePodLabels('controller'), ...pod.labels },
            annotations: { ...pod.annotations },
          },
          spec: controllerPod(spec),
        },
      },
    },
    { parent, dependsOn },
  );
}
