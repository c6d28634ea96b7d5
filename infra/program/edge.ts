// How the configuration of a stack becomes the arguments of its edge.
import type * as pulumi from '@pulumi/pulumi';
import { chartPlace } from '../components/artifacts.ts';
import type { CertificateSet } from '../components/certificates/certificate-set.ts';
import { Edge } from '../components/edge/edge.ts';
import type { EdgeArgs, EdgeServiceOptions } from '../components/edge/edge-args.ts';
import { NODE_PORTS } from '../components/edge/edge-service.ts';
import { type Cloud, externalDnsAnnotations, loadBalancerAnnotations } from '../components/edge/load-balancer.ts';
import type { Config } from '../config/config.ts';
import { edgeLimits } from '../config/edge-settings.ts';
import { userServer } from '../config/user-server.ts';
import { CLUSTER, HTTP_PORT, INTERNAL_PORT } from './names.ts';

/** What the edge is in front of, and with which certificate. */
export interface EdgeNeeds {
  readonly namespace: pulumi.Input<string>;
  /** The replicas: a Service, and one with an address for each. */
  readonly game: { readonly service: pulumi.Input<string>; readonly headlessService: pulumi.Input<string> };
  readonly certificates: Pick<CertificateSet, 'edgeSecret'>;
  /** Image of the game, which has the certificate agent too. */
  readonly image: pulumi.Input<string>;
}

/** Room for replicas at the edge: in a rollout each may be there twice, as the old one and the new. */
const serverSlots = ({ replicas, maxReplicas, autoscaling }: Config): number =>
  2 * (autoscaling === 'none' ? replicas : Math.max(replicas, maxReplicas));

const CLOUDS: readonly string[] = ['eks', 'gke', 'aks'] satisfies Cloud[];

/** The Service by which people come: told by the configuration, or by what the cluster can do. */
function serviceOptions({ cluster, ingressService, proxyProtocol, externalDns, host }: Config): EdgeServiceOptions {
  const type = ingressService === 'auto' ? (cluster === 'kind' ? 'NodePort' : 'LoadBalancer') : ingressService;
  const cloud = CLOUDS.includes(cluster) ? (cluster as Cloud) : undefined;
  return {
    type,
    annotations: loadBalancerAnnotations(cloud, { proxyProtocol, ...(externalDns ? { dnsName: host } : {}) }),
    ...(cluster === 'kind' || type === 'NodePort' ? { nodePorts: NODE_PORTS } : {}),
  };
}

/** The arguments of the edge of a stack. */
export function edgeArgs(config: Config, { namespace, game, certificates, image }: EdgeNeeds): EdgeArgs {
  const { host, port, httpPort, design, heartbeatMs, charts, ingress, imageMirror, externalDns } = config;
  const own = userServer(config);
  const common = {
    namespace,
    cluster: CLUSTER,
    ...(imageMirror === '' ? {} : { imageMirror }),
    host,
    ports: { https: port, http: httpPort },
    server: own ?? { design, heartbeatMs },
    replicas: {
      ...game,
      port: own === undefined ? HTTP_PORT : config.serverPort,
      ...(own === undefined ? { checkPort: INTERNAL_PORT } : {}),
      slots: serverSlots(config),
    },
    certificateSecret: certificates.edgeSecret,
    limits: edgeLimits(config),
    tlsMinVersion: config.tlsMinVersion,
  };
  const pods = { pods: config.ingressReplicas, service: serviceOptions(config), proxyProtocol: config.proxyProtocol };
  if (ingress === 'haproxy') {
    return { kind: 'haproxy', ...common, ...pods, haproxyImage: config.haproxyImage, agentImage: image };
  }
  if (!charts.ingress.install) {
    const annotations = externalDns ? externalDnsAnnotations(host) : {};
    return { kind: 'existing-controller', ...common, ingressClass: config.ingressClass, annotations };
  }
  const { controllerImage } = config;
  return { kind: 'controller', ...common, ...pods, chart: chartPlace(config, 'ingress'), controllerImage };
}

export const createEdge = (
  name: string,
  { config, ...needs }: EdgeNeeds & { readonly config: Config },
  opts?: pulumi.ComponentResourceOptions,
): Edge => new Edge(name, edgeArgs(config, needs), opts);
