import * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { labelsOf, selectorOf } from '../labels.ts';
import { type OwnEdgeArgs, settingsOf } from './edge-args.ts';
import { edgeName } from './names.ts';

interface ServiceStatus {
  loadBalancer?: { ingress?: readonly { hostname?: string; ip?: string }[] };
}

/** Name or address of the load balancer of a Service; loopback when it has none. */
export function balancerAddress(status: ServiceStatus | undefined): string {
  const [given] = status?.loadBalancer?.ingress ?? [];
  return given?.hostname ?? given?.ip ?? '127.0.0.1';
}

/** The Service of an edge. It selects the pods of either kind, and stays when the kind changes. */
export function edgeService(
  name: string,
  args: OwnEdgeArgs & { readonly cluster: string },
  opts: pulumi.CustomResourceOptions,
): kubernetes.core.v1.Service {
  const { cluster, namespace, service = {}, proxyProtocol = false } = args;
  const { type = 'LoadBalancer', annotations = {}, nodePorts } = service;
  const { port, httpPort } = settingsOf(args);
  const part = { cluster, part: 'edge' } as const;
  return new kubernetes.core.v1.Service(
    name,
    {
      metadata: { name: edgeName(cluster), namespace, labels: labelsOf(part), annotations: { ...annotations } },
      spec: {
        type,
        // Passing from node to node would lose the client's address; the PROXY protocol carries it anyway.
        ...(type === 'LoadBalancer' && !proxyProtocol ? { externalTrafficPolicy: 'Local' } : {}),
        selector: selectorOf(part),
        ports: [
          { name: 'https', port, targetPort: 'https', ...(nodePorts && { nodePort: nodePorts.https }) },
          { name: 'http', port: httpPort, targetPort: 'http', ...(nodePorts && { nodePort: nodePorts.http }) },
        ],
      },
    },
    opts,
  );
}

/** Keeps a drain of nodes from taking more than one pod of an edge at a time. */
export const edgeBudget = (
  name: string,
  { cluster, namespace }: { readonly cluster: string; readonly namespace: pulumi.Input<string> },
  opts: pulumi.CustomResourceOptions,
): kubernetes.policy.v1.PodDisruptionBudget => {
  const part = { cluster, part: 'edge' } as const;
  return new kubernetes.policy.v1.PodDisruptionBudget(
    name,
    {
      metadata: { name: edgeName(cluster), namespace, labels: labelsOf(part) },
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: selectorOf(part) },
        // A pod that is not ready serves no clients, and must not block the drain of a node.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    },
    opts,
  );
};
