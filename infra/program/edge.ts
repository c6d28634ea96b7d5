// How the configuration of a stack becomes the edge of its cluster.
import type * as pulumi from '@pulumi/pulumi';
import type { EdgeServiceOptions } from '../components/edge/edge-args.ts';
import { NODE_PORTS } from '../components/edge/edge-service.ts';
import { type Cloud, externalDnsAnnotations, loadBalancerAnnotations } from '../components/edge/load-balancer.ts';
import type { EdgeChoice } from '../components/web-socket-cluster-args.ts';
import type { Config } from '../config/config.ts';
import { chartPlace } from './charts.ts';
import { CONTROLLER_OF_OTHERS } from './names.ts';

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

/** The edge of a stack. `agentImage` is the image of Gridlock, which has the agent of the plain one. */
export function edgeOf(config: Config, agentImage: pulumi.Input<string>): EdgeChoice {
  const { host, charts, ingress, externalDns, ingressClass, ingressNamespace } = config;
  const pods = { pods: config.ingressReplicas, service: serviceOptions(config), proxyProtocol: config.proxyProtocol };
  if (ingress === 'haproxy') return { haproxy: { ...pods, haproxyImage: config.haproxyImage, agentImage } };
  if (charts.ingress.install) {
    const { controllerImage } = config;
    return { controller: { ...pods, chart: chartPlace(config, 'ingress'), controllerImage } };
  }
  return {
    existingController: {
      ingressClass,
      annotations: externalDns ? externalDnsAnnotations(host) : {},
      pods: { namespace: ingressNamespace, labels: CONTROLLER_OF_OTHERS },
    },
  };
}
