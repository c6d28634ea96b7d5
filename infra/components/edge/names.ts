import * as pulumi from '@pulumi/pulumi';
import { selectorOf } from '../labels.ts';
import { scopeOf } from '../names.ts';

/** Name of a cluster's edge: its Service and disruption budget, and the stem of every other name. */
export const edgeName = (cluster: string): string => `${cluster}-edge`;

/** Class of the Ingress objects that a cluster's own controller serves. */
export const ingressClassOf = (namespace: pulumi.Input<string>, cluster: string): pulumi.Output<string> =>
  pulumi.output(namespace).apply((name) => scopeOf(name, cluster));

/** What the pods of an edge are. Those of both kinds are behind one Service, so that a change of the kind cuts nobody off. */
export type EdgePods = 'haproxy' | 'controller';

const POD_LABEL = 'gridlock/edge';

/** Tells the pods of one kind from those of the other, beyond what `selectorOf` says. */
export const edgePodLabels = (pods: EdgePods) => ({ [POD_LABEL]: pods });

/** The pod that makes the definitions of the controller's custom resources, once for each release. */
export const DEFINITIONS_LABELS = Object.freeze({ [POD_LABEL]: 'definitions' });

/** What the Deployment of one kind of pods finds them by. */
export const edgeSelector = (cluster: string, pods: EdgePods) => ({
  ...selectorOf({ cluster, part: 'edge' }),
  ...edgePodLabels(pods),
});

/** Name of the Deployment of one kind of pods. */
export const edgeDeployment = (cluster: string, pods: EdgePods): string =>
  pods === 'haproxy' ? edgeName(cluster) : `${edgeName(cluster)}-controller`;

/** Ports of the edge's containers: above 1024, which needs no privilege. */
export const EDGE_PORTS = Object.freeze({ https: 8443, http: 8080 });

/** Ports of the plain edge's pods for what is not a client. */
export const HAPROXY_PORTS = Object.freeze({
  /** HAProxy's Prometheus exporter, and `/healthz`. */
  metrics: 8404,
  /** The certificate agent's metrics and probes. */
  agent: 9102,
});

/** The same of the ingress controller's pods. */
export const CONTROLLER_PORTS = Object.freeze({
  /** HAProxy's Prometheus exporter, and the counters of refused requests. */
  stat: 1024,
  /** Whether HAProxy lives. */
  healthz: 1042,
  /** Whether the controller lives. */
  admin: 6060,
});
