// The keys of the configuration as the monitoring takes them.
import type * as pulumi from '@pulumi/pulumi';
import { chartPlace } from '../components/artifacts.ts';
import { KEDA } from '../components/autoscaling/keda.ts';
import { CERT_MANAGER } from '../components/certificates/cert-manager.ts';
import { rootName } from '../components/certificates/pki-plan.ts';
import { edgeSelector } from '../components/edge/names.ts';
import type { Monitored, MonitoredPods } from '../components/monitoring/monitored.ts';
import type { MonitoringArgs } from '../components/monitoring/monitoring.ts';
import { scopeOf } from '../components/names.ts';
import { KEDA_OPERATOR } from '../components/network-policies/chart-rules.ts';
import type { Config } from '../config/config.ts';
import { CLUSTER, CONTROLLER_OF_OTHERS } from './names.ts';
import { replicaPorts, SERVER_LABELS } from './replica-ports.ts';

const metricsAt = (...ports: readonly string[]) => ports.map((port) => ({ port, path: '/metrics' }));

function serverOf(config: Config): Monitored['server'] {
  const { serverImage, metricsPath } = config;
  if (serverImage === '')
    return { kind: 'gridlock', pods: { labels: SERVER_LABELS, endpoints: metricsAt('internal') } };
  const { metrics } = replicaPorts(config);
  if (metrics === undefined) return { kind: 'other' };
  return { kind: 'other', pods: { labels: SERVER_LABELS, endpoints: [{ port: metrics.name, path: metricsPath }] } };
}

/** The edge, where it is: a controller of others counts no refusals for us. */
function edgeOf({ ingress, charts, ingressNamespace }: Config): Monitored['edge'] {
  if (ingress === 'haproxy') {
    const pods = { labels: edgeSelector(CLUSTER, 'haproxy'), endpoints: metricsAt('metrics', 'agent') };
    return { pods, refusalsPort: 'metrics', tellsCertificate: true };
  }
  const endpoints = metricsAt('stat');
  if (charts.ingress.install) {
    const pods = { labels: edgeSelector(CLUSTER, 'controller'), endpoints };
    return { pods, refusalsPort: 'stat', tellsCertificate: false };
  }
  return { pods: { namespace: ingressNamespace, labels: CONTROLLER_OF_OTHERS, endpoints }, tellsCertificate: false };
}

const CERT_MANAGER_PODS: MonitoredPods = {
  namespace: CERT_MANAGER,
  labels: { 'app.kubernetes.io/name': 'cert-manager', 'app.kubernetes.io/component': 'controller' },
  endpoints: metricsAt('http-metrics'),
};
const KEDA_PODS: MonitoredPods = {
  namespace: KEDA,
  labels: KEDA_OPERATOR.labels ?? {},
  endpoints: metricsAt('metrics'),
};

/** The monitored parts of a stack. */
export function monitoringArgs(config: Config, namespace: pulumi.Input<string>): MonitoringArgs {
  const { certificates, autoscaling, charts, redis, monitoring, imageMirror, pki } = config;
  const hasManager = certificates !== 'files';
  return {
    namespace,
    cluster: CLUSTER,
    imageMirror,
    server: serverOf(config),
    edge: edgeOf(config),
    redis: redis === 'none' ? undefined : redis,
    isScaled: autoscaling !== 'none',
    certificates: hasManager
      ? { certManager: { namespace: CERT_MANAGER, root: rootName(scopeOf(config.namespace, CLUSTER), pki.issuing) } }
      : {},
    others: {
      ...(hasManager ? { 'cert-manager': CERT_MANAGER_PODS } : {}),
      ...(autoscaling === 'keda' && charts.keda.install ? { keda: KEDA_PODS } : {}),
    },
    stack:
      monitoring === 'stack' && charts.monitoring.install ? { chart: chartPlace(config, 'monitoring') } : undefined,
  };
}
