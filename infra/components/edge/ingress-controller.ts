import { isIP } from 'node:net';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import type { Config } from '../../config/config.ts';
import { edgeSettings } from '../../config/edge-settings.ts';
import { publicUrl } from '../../config/origin.ts';
import { labels } from '../labels.ts';
import { Namespace } from '../namespace.ts';
import type { Edge, EdgeArgs } from './edge-service.ts';
import { balancerAddress, CONTROLLER, CONTROLLER_NAMESPACE, INGRESS_CLASS, serverSlots } from './edge-service.ts';
import { controllerRelease } from './ingress-release.ts';
import { backendSpec, defaultsSpec, globalSpec, httpSpec, httpsSpec, statsSpec } from './ingress-resources.ts';

/** Name of the backend, and of the controller's settings. */
const GAME = 'game';
const EDGE = 'edge';

/**
 * haproxytech's ingress controller, and the game's Ingress on it. What HAProxy does is told by custom
 * resources alone: the same as `infra/edge` tells a plain one.
 */
export class IngressController extends pulumi.ComponentResource implements Edge {
  readonly url: pulumi.Output<string>;
  readonly address: pulumi.Output<string>;

  constructor(name: string, args: EdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:IngressController', name, {}, opts);
    const { config } = args;
    const release = config.charts.ingress.install ? install(this, name, config) : undefined;
    const settings = release === undefined ? [] : controllerSettings(this, config, release);
    const backend = makeBackend(this, name, args, [...settings]);
    const ingress = makeIngress(this, name, args, [backend, ...(release === undefined ? [] : [release])]);

    this.url = ingress.id.apply(() => `${publicUrl(config)}/`);
    this.address = release === undefined ? ingressAddress(ingress) : serviceAddress(this, release);
    this.registerOutputs({ url: this.url, address: this.address });
  }
}

function install(parent: IngressController, name: string, config: Config): kubernetes.helm.v3.Release {
  const namespace = new Namespace(`${name}-namespace`, { name: CONTROLLER_NAMESPACE, level: 'restricted' }, { parent });
  return controllerRelease(config, { parent, dependsOn: namespace });
}

type Kind = 'Backend' | 'Defaults' | 'Frontend' | 'Global';

const haproxyResource = (
  kind: Kind,
  name: string,
  namespace: pulumi.Input<string>,
  spec: object,
  opts: pulumi.CustomResourceOptions,
) =>
  new kubernetes.apiextensions.CustomResource(
    `${name}-${kind.toLowerCase()}`,
    {
      apiVersion: 'ingress.v3.haproxy.org/v3',
      kind,
      metadata: { name, namespace, labels: labels(EDGE) },
      spec,
    },
    opts,
  );

/** What an own controller is told for all of its traffic; the release names these in its ConfigMap. */
function controllerSettings(parent: IngressController, config: Config, release: kubernetes.helm.v3.Release) {
  const settings = edgeSettings(config);
  const make = (kind: Kind, name: string, spec: object) =>
    haproxyResource(kind, name, CONTROLLER_NAMESPACE, spec, { parent, dependsOn: release });
  return [
    make('Global', EDGE, globalSpec(settings)),
    make('Defaults', EDGE, defaultsSpec(settings)),
    make('Frontend', `${EDGE}-https`, httpsSpec(settings, config.proxyProtocol)),
    make('Frontend', `${EDGE}-http`, httpSpec(settings, config.proxyProtocol)),
    make('Frontend', `${EDGE}-stats`, statsSpec()),
  ];
}

function makeBackend(
  parent: IngressController,
  name: string,
  { config, namespace }: EdgeArgs,
  dependsOn: pulumi.Resource[],
) {
  // HAProxy's own default would be the same everywhere, and tell the addresses of the replicas.
  const key = new random.RandomPassword(`${name}-cookie-key`, { length: 40, special: false }, { parent });
  const shared = !config.charts.ingress.install;
  const spec = backendSpec(edgeSettings(config), pulumi.secret(key.result), shared);
  return haproxyResource('Backend', GAME, namespace, spec, { parent, dependsOn });
}

function makeIngress(
  parent: IngressController,
  name: string,
  { config, namespace, game, certificates }: EdgeArgs,
  dependsOn: pulumi.Resource[],
) {
  const { host, charts, port } = config;
  const named = isIP(host) === 0;
  const shared = !charts.ingress.install;
  const backend = { service: { name: game.service, port: { name: 'http' } } };
  return new kubernetes.networking.v1.Ingress(
    name,
    {
      metadata: {
        name: GAME,
        namespace,
        labels: labels(EDGE),
        annotations: {
          'haproxy.org/cr-backend': pulumi.interpolate`${namespace}/${GAME}`,
          'haproxy.org/scale-server-slots': String(serverSlots(config)),
          // An own controller's http frontend redirects by itself.
          'haproxy.org/ssl-redirect': String(shared),
          ...(shared ? { 'haproxy.org/ssl-redirect-code': '308', 'haproxy.org/ssl-redirect-port': String(port) } : {}),
        },
      },
      spec: {
        ingressClassName: INGRESS_CLASS,
        tls: [{ ...(named ? { hosts: [host] } : {}), secretName: certificates.edgeSecret }],
        rules: [
          {
            // Whatever name people come by; but not those of others on the same controller.
            ...(shared && named ? { host } : {}),
            http: { paths: [{ path: '/', pathType: 'Prefix', backend }] },
          },
        ],
      },
    },
    { parent, dependsOn },
  );
}

const ingressAddress = (ingress: kubernetes.networking.v1.Ingress): pulumi.Output<string> =>
  ingress.status.apply((status) => balancerAddress(status));

function serviceAddress(parent: IngressController, release: kubernetes.helm.v3.Release): pulumi.Output<string> {
  const id = release.id.apply(() => `${CONTROLLER_NAMESPACE}/${CONTROLLER}`);
  const service = kubernetes.core.v1.Service.get(`${CONTROLLER}-read`, id, { parent, dependsOn: release });
  return service.status.apply((status) => balancerAddress(status));
}
