import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Config } from '../../config/config.ts';
import { REFUSALS_PATH } from '../../edge/metrics.ts';
import { chartPlace } from '../artifacts.ts';
import { edgePodLabels } from '../edge/names.ts';
import { labels, selectorOf } from '../labels.ts';
import { Namespace } from '../namespace.ts';
import { SERVER } from '../replicas/gridlock.ts';
import { alertRules } from './alert-rules.ts';
import { dashboards } from './dashboards.ts';

/**
 * Namespace of Prometheus, Alertmanager and Grafana: the stack's, or where the operator's own are expected.
 */
export const MONITORING_NAMESPACE = 'monitoring';
/** Name of the stack's Helm release, by which its Prometheus finds what it shall watch. */
export const MONITORING_RELEASE = 'monitoring';

export interface MonitoringArgs {
  readonly config: Config;
  /** Namespace of the game. */
  readonly namespace: pulumi.Input<string>;
}

interface Watched {
  readonly name: string;
  readonly namespace: pulumi.Input<string>;
  readonly matchLabels: Readonly<Record<string, string>>;
  /** By the names their containers give them. */
  readonly ports: readonly string[];
  /** The port that serves the counters of refused requests too. */
  readonly refusals?: string;
}

/** The edge, where it is: a controller of others is in its own namespace, and counts no refusals for us. */
function watchedEdge(config: Config, namespace: pulumi.Input<string>): Watched {
  const name = 'edge';
  if (config.ingress === 'haproxy') {
    return { name, namespace, matchLabels: edgePodLabels('haproxy'), ports: ['metrics', 'agent'], refusals: 'metrics' };
  }
  if (config.charts.ingress.install) {
    return { name, namespace, matchLabels: edgePodLabels('controller'), ports: ['stat'], refusals: 'stat' };
  }
  const matchLabels = { 'app.kubernetes.io/name': 'kubernetes-ingress' };
  return { name, namespace: config.ingressNamespace, matchLabels, ports: ['stat'] };
}

/** Whose `/metrics` are read. */
function watched({ config, namespace }: MonitoringArgs): Watched[] {
  const certManager = {
    name: 'cert-manager',
    namespace: 'cert-manager',
    matchLabels: { 'app.kubernetes.io/name': 'cert-manager', 'app.kubernetes.io/component': 'controller' },
    ports: ['http-metrics'],
  };
  return [
    { name: SERVER.part, namespace, matchLabels: selectorOf(SERVER), ports: ['internal'] },
    watchedEdge(config, namespace),
    ...(config.certificates === 'files' ? [] : [certManager]),
  ];
}

/**
 * What Prometheus reads, when it alerts, and what Grafana shows; with `stack` also both of them. `operator`
 * expects the Prometheus Operator in the cluster, `none` makes nothing: the pods carry annotations for
 * other collectors.
 */
export class Monitoring extends pulumi.ComponentResource {
  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:Monitoring', name, {}, opts);
    const { config } = args;
    if (config.monitoring !== 'none') {
      const dependsOn = config.monitoring === 'stack' ? this.#stack(name, config) : [];
      for (const pods of watched(args)) this.#podMonitor(name, pods, dependsOn);
      this.#alerts(name, args, dependsOn);
      this.#dashboards(name, args);
    }
    this.registerOutputs({});
  }

  #stack(name: string, config: Config): pulumi.Resource[] {
    if (!config.charts.monitoring.install) return [];
    // Not restricted: that is more than all parts of the chart keep to.
    const namespace = new Namespace(
      `${name}-namespace`,
      { name: MONITORING_NAMESPACE, level: 'baseline' },
      { parent: this },
    );
    const release = new kubernetes.helm.v3.Release(
      `${name}-stack`,
      {
        name: MONITORING_RELEASE,
        namespace: namespace.metadataName,
        ...chartPlace(config, 'monitoring'),
        values: stackValues(config),
      },
      { parent: this },
    );
    return [release];
  }

  #podMonitor(name: string, pods: Watched, dependsOn: pulumi.Resource[]): void {
    new kubernetes.apiextensions.CustomResource(
      `${name}-${pods.name}`,
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PodMonitor',
        metadata: {
          name: `gridlock-${pods.name}`,
          namespace: pods.namespace,
          labels: labels('monitoring', pods.name),
        },
        spec: {
          selector: { matchLabels: pods.matchLabels },
          // Their own labels win: cert-manager tells the namespace of each certificate.
          podMetricsEndpoints: [
            ...pods.ports.map((port) => endpoint(port, '/metrics')),
            ...(pods.refusals === undefined ? [] : [refusalsEndpoint(pods.refusals)]),
          ],
        },
      },
      { parent: this, dependsOn },
    );
  }

  #alerts(name: string, { config, namespace }: MonitoringArgs, dependsOn: pulumi.Resource[]): void {
    new kubernetes.apiextensions.CustomResource(
      `${name}-alerts`,
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PrometheusRule',
        metadata: { name: 'gridlock', namespace, labels: labels('monitoring', 'alerts') },
        spec: { groups: alertRules(config) },
      },
      { parent: this, dependsOn },
    );
  }

  #dashboards(name: string, { config, namespace }: MonitoringArgs): void {
    for (const [file, content] of Object.entries(dashboards(config))) {
      const dashboard = file.replace('.json', '');
      new kubernetes.core.v1.ConfigMap(
        `${name}-${dashboard}`,
        {
          metadata: {
            name: `dashboard-${dashboard}`,
            namespace,
            // By which Grafana's sidecar finds it.
            labels: { ...labels('monitoring', 'dashboard'), grafana_dashboard: '1' },
          },
          data: { [file]: `${JSON.stringify(content, null, 2)}\n` },
        },
        { parent: this },
      );
    }
  }
}

const endpoint = (port: string, path: string) => ({ port, path, interval: '15s', honorLabels: true });

/** Its own label keeps what Prometheus tells of this target (`up`) apart from the other one at the same port. */
const refusalsEndpoint = (port: string) => ({
  ...endpoint(port, REFUSALS_PATH),
  relabelings: [{ action: 'replace', targetLabel: 'endpoint', replacement: 'refusals' }],
});

/** Prometheus takes every rule and monitor of the cluster, not only those of its release. */
const selectAll = {
  podMonitorSelectorNilUsesHelmValues: false,
  probeSelectorNilUsesHelmValues: false,
  ruleSelectorNilUsesHelmValues: false,
  serviceMonitorSelectorNilUsesHelmValues: false,
};

/** An image's registry as the chart wants it, behind the mirror when there is one. */
const registry = (mirror: string, name: string) => (mirror === '' ? {} : { image: { registry: `${mirror}/${name}` } });

/** Values of the chart kube-prometheus-stack. Pure. */
export function stackValues({ imageMirror }: Pick<Config, 'imageMirror'>): Record<string, unknown> {
  const from = (name: string) => registry(imageMirror, name);
  // Most clusters show none of their metrics to pods: only dead targets otherwise.
  const controlPlane = { enabled: false };
  return {
    // Needs the host's network and processes; nothing here asks for a node's own metrics.
    nodeExporter: { enabled: false },
    kubeControllerManager: controlPlane,
    kubeScheduler: controlPlane,
    kubeProxy: controlPlane,
    kubeEtcd: controlPlane,
    prometheusOperator: {
      ...from('quay.io'),
      prometheusConfigReloader: from('quay.io'),
      admissionWebhooks: { patch: from('ghcr.io') },
    },
    prometheus: {
      prometheusSpec: {
        ...selectAll,
        ...from('quay.io'),
        retention: '7d',
        resources: { requests: { cpu: '100m', memory: '512Mi' }, limits: { memory: '2Gi' } },
      },
    },
    alertmanager: { alertmanagerSpec: from('quay.io') },
    grafana: {
      ...from('docker.io'),
      sidecar: { ...from('quay.io'), dashboards: { enabled: true, searchNamespace: 'ALL' } },
    },
    'kube-state-metrics': from('registry.k8s.io'),
  };
}
