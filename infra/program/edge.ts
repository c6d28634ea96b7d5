// How the configuration of a stack becomes the edge of its cluster.
import type * as pulumi from '@pulumi/pulumi';
import type { EdgeServiceOptions } from '../components/edge/edge-args.ts';
import { type Cloud, externalDnsAnnotations, loadBalancerAnnotations } from '../components/edge/load-balancer.ts';
import type { EdgeChoice } from '../components/web-socket-cluster-args.ts';
import type { Config } from '../config/config.ts';
import { edgeServiceType } from '../config/edge-settings.ts';
import { chartPlace } from './charts.ts';
import { CONTROLLER_OF_OTHERS } from './names.ts';

const CLOUDS: readonly string[] = ['eks', 'gke', 'aks'] satisfies Cloud[];

/** The Service through which clients connect. */
function serviceOptions(config: Config): EdgeServiceOptions {
  const { cluster, nodePort: https, httpNodePort: http, proxyProtocol, externalDns, host } = config;
  const type = edgeServiceType(config);
  const cloud = CLOUDS.includes(cluster) ? (cluster as Cloud) : undefined;
  return {
    type,
    annotations: loadBalancerAnnotations(cloud, { proxyProtocol, ...(externalDns ? { dnsName: host } : {}) }),
    // kind maps its ports to these node ports, whatever the type of the Service.
    ...(cluster === 'kind' || type === 'NodePort' ? { nodePorts: { https, http } } : {}),
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
