import type { Config } from '../config.ts';

/** Prometheus takes every rule and monitor of the cluster, not only those of its own release. */
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
