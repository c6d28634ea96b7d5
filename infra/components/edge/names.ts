import * as pulumi from '@pulumi/pulumi';
import { selectorOf } from '../labels.ts';
import { scopeOf } from '../names.ts';

/** Name of a cluster's edge: its Service and disruption budget, and the stem of every other name. */
export const edgeName = (cluster: string): string => `${cluster}-edge`;

/** Class of the Ingress objects that a cluster's own controller serves. */
export const ingressClassOf = (namespace: pulumi.Input<string>, cluster: string): pulumi.Output<string> =>
  pulumi.output(namespace).apply((name) => scopeOf(name, cluster));

/**
 * The labels of an edge's pods. Pods of both kinds are behind one Service, so that a change of the kind cuts off no
 * client.
 */
export type EdgePods = 'haproxy' | 'controller';

const POD_LABEL = 'gridlock/edge';

/** Distinguishes the pods of the two kinds, in addition to `selectorOf`. */
export const edgePodLabels = (pods: EdgePods) => ({ [POD_LABEL]: pods });

/** The pod that makes the definitions of the controller's custom resources, once for each release of a cluster. */
export const definitionsLabels = (cluster: string) => ({ [POD_LABEL]: 'definitions', 'gridlock/cluster': cluster });

/** The selector of the Deployment of one kind of pods. */
export const edgeSelector = (cluster: string, pods: EdgePods) => ({
  ...selectorOf({ cluster, part: 'edge' }),
  ...edgePodLabels(pods),
});

/** Name of the Deployment of one kind of pods. */
export const edgeDeployment = (cluster: string, pods: EdgePods): string =>
  pods === 'haproxy' ? edgeName(cluster) : `${edgeName(cluster)}-controller`;

/** Ports of the edge's containers: above 1024, so that they need no privilege. */
export const EDGE_PORTS = Object.freeze({ https: 8443, http: 8080 });

/** Ports of the plain edge's pods that are not for clients. */
export const HAPROXY_PORTS = Object.freeze({
  /** HAProxy's Prometheus exporter, and `/healthz`. */
  metrics: 8404,
  /** The certificate agent's metrics and probes. */
  agent: 9102,
});

/** The same for the ingress controller's pods. */
export const CONTROLLER_PORTS = Object.freeze({
  /** HAProxy's Prometheus exporter, and the counters of refused requests. */
  stat: 1024,
  /** Whether HAProxy is alive. */
  healthz: 1042,
  /** Whether the controller is alive. */
  admin: 6060,
});
