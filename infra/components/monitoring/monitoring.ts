import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { REFUSALS_PATH } from '../../edge/metrics.ts';
import type { ChartPlace } from '../artifacts.ts';
import { labelsOf } from '../labels.ts';
import { scopeOf } from '../names.ts';
import { Namespace } from '../namespace.ts';
import type { PartArgs } from '../part.ts';
import type { RuleGroup } from './alert-rule.ts';
import { alertRules } from './alert-rules.ts';
import { boardFiles, dashboards } from './dashboards.ts';
import { type Monitored, type MonitoredPods, monitorOf } from './monitored.ts';

/**
 * Namespace of Prometheus, Alertmanager and Grafana: that of the installed stack, or where those of an existing
 * operator are expected.
 */
export const MONITORING_NAMESPACE = 'monitoring';
/** Name of the stack's Helm release, by which its Prometheus finds what to watch. */
export const MONITORING_RELEASE = 'monitoring';

export interface MonitoringArgs extends PartArgs {
  readonly server: Monitored['server'];
  readonly edge: Monitored['edge'];
  /** Undefined: there is none, or the replicas have no metrics of it. */
  readonly redis?: Monitored['redis'];
  /** Whether the replicas are scaled. */
  readonly isScaled: boolean;
  readonly certificates: Monitored['certificates'];
  /** Further pods whose metrics are read, by a name for each: cert-manager, KEDA. */
  readonly others?: Readonly<Record<string, MonitoredPods>>;
  /** Installs Prometheus, Alertmanager and Grafana; default: the cluster has the Prometheus Operator. */
  readonly stack?: { readonly chart: ChartPlace } | undefined;
}

/** The scrape targets and alerts of Prometheus, and the dashboards of Grafana. */
export class Monitoring extends pulumi.ComponentResource {
  readonly #cluster: string;
  readonly #namespace: pulumi.Output<string>;

  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:Monitoring', name, {}, opts);
    const { cluster = name, server, edge, others = {} } = args;
    this.#cluster = cluster;
    this.#namespace = pulumi.output(args.namespace);
    const monitored = this.#namespace.apply((namespace): Monitored => ({ ...args, cluster, namespace }));
    const scope = this.#namespace.apply((namespace) => scopeOf(namespace, cluster));
    const dependsOn = args.stack === undefined ? [] : this.#stack(name, args.stack.chart, args.imageMirror);
    const podMonitor = (part: string, monitor: pulumi.Input<string>, pods: MonitoredPods, refusalsPort?: string) =>
      this.#podMonitor(`${name}-${part}`, monitor, { pods, refusalsPort }, dependsOn);
    if (server.pods) podMonitor('server', monitorOf({ cluster }, 'server'), server.pods);
    podMonitor('edge', monitorOf({ cluster }, 'edge'), edge.pods, edge.refusalsPort);
    for (const [part, pods] of Object.entries(others)) {
      // The namespace is shared, and two clusters may have theirs in it.
      podMonitor(part, pulumi.interpolate`${scope}-${part}`, pods);
    }
    this.#alerts(name, monitored.apply(alertRules), dependsOn);
    for (const file of boardFiles({ cluster, server })) {
      this.#dashboard(
        name,
        file,
        monitored.apply((all) => dashboards(all)[file]!),
      );
    }
    this.registerOutputs({});
  }

  get #labels() {
    return labelsOf({ cluster: this.#cluster, part: 'monitoring' });
  }

  #stack(name: string, chart: ChartPlace, imageMirror = ''): pulumi.Resource[] {
    // Not restricted, because not all parts of the chart comply with that.
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
        ...chart,
        values: stackValues({ imageMirror }),
      },
      { parent: this },
    );
    return [release];
  }

  #podMonitor(
    name: string,
    monitor: pulumi.Input<string>,
    { pods, refusalsPort }: { pods: MonitoredPods; refusalsPort: string | undefined },
    dependsOn: pulumi.Resource[],
  ): void {
    new kubernetes.apiextensions.CustomResource(
      name,
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PodMonitor',
        metadata: { name: monitor, namespace: pods.namespace ?? this.#namespace, labels: this.#labels },
        spec: {
          selector: { matchLabels: pods.labels },
          // Their own labels win: in series of cert-manager and KEDA, the namespace is that of the object described.
          podMetricsEndpoints: [
            ...pods.endpoints.map(({ port, path }) => endpoint(port, path)),
            ...(refusalsPort === undefined ? [] : [refusalsEndpoint(refusalsPort)]),
          ],
        },
      },
      { parent: this, dependsOn },
    );
  }

  #alerts(name: string, groups: pulumi.Input<RuleGroup[]>, dependsOn: pulumi.Resource[]): void {
    new kubernetes.apiextensions.CustomResource(
      `${name}-alerts`,
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PrometheusRule',
        metadata: { name: this.#cluster, namespace: this.#namespace, labels: this.#labels },
        spec: { groups },
      },
      { parent: this, dependsOn },
    );
  }

  #dashboard(name: string, file: string, content: pulumi.Output<object>): void {
    const dashboard = file.replace('.json', '');
    new kubernetes.core.v1.ConfigMap(
      `${name}-${dashboard}`,
      {
        metadata: {
          name: `dashboard-${dashboard}`,
          namespace: this.#namespace,
          // The label by which Grafana's sidecar finds it.
          labels: { ...this.#labels, grafana_dashboard: '1' },
        },
        data: { [file]: content.apply((board) => `${JSON.stringify(board, null, 2)}\n`) },
      },
      { parent: this },
    );
  }
}

const endpoint = (port: string, path: string) => ({ port, path, interval: '15s', honorLabels: true });

/**
 * Its own label keeps Prometheus's metrics of this target (`up`) separate from those of the other target at the same
 * port.
 */
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

/** An image's registry in the form of the chart, with the mirror in front when there is one. */
const registry = (mirror: string, name: string) => (mirror === '' ? {} : { image: { registry: `${mirror}/${name}` } });

/** Values of the chart kube-prometheus-stack. Pure. */
export function stackValues({ imageMirror }: { readonly imageMirror: string }): Record<string, unknown> {
  const from = (name: string) => registry(imageMirror, name);
  // Most clusters do not expose these metrics to pods: the targets would only be down.
  const controlPlane = { enabled: false };
  return {
    // Needs the host's network and processes, and no board or alert uses a node's own metrics.
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
