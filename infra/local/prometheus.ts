import { stringify } from 'yaml';
import { CERTIFICATES_PATH, REFUSALS_PATH } from '../edge/metrics.ts';
import type { AnyStatus } from './system-status.ts';

/** Alerts look back over minutes; a graph of a cluster that just started should not wait for them. */
const INTERVAL = '5s';

export interface PrometheusOptions {
  /** The value of the label `namespace`, by which dashboards and alerts distinguish clusters. */
  readonly namespace: string;
  /** A file of alert rules; absolute. */
  readonly rulesFile?: string | undefined;
}

interface Job {
  readonly name: string;
  readonly path: string;
  readonly targets: readonly { readonly port: number; readonly pod: string }[];
}

/** The processes with metrics. Each is a pod, so that the dashboards for Kubernetes work here too. */
function jobsOf(status: AnyStatus): Job[] {
  const { metricsPort } = status.edge;
  const replicas = 'replicas' in status ? status.replicas : [];
  const edge = metricsPort === undefined ? [] : [{ port: metricsPort, pod: 'edge' }];
  return [
    {
      name: 'gridlock-replicas',
      path: '/metrics',
      targets: replicas.map(({ name, internalPort }) => ({ pod: name, port: internalPort })),
    },
    { name: 'gridlock-edge', path: '/metrics', targets: edge },
    { name: 'gridlock-edge-refusals', path: REFUSALS_PATH, targets: edge },
    { name: 'gridlock-certificates', path: CERTIFICATES_PATH, targets: edge },
  ].filter(({ targets }) => targets.length > 0);
}

/** The configuration of a Prometheus on this machine that reads a running system, as YAML. Pure. */
export function prometheusConfig(status: AnyStatus, { namespace, rulesFile }: PrometheusOptions): string {
  const jobs = jobsOf(status).map(({ name, path, targets }) => ({
    job_name: name,
    metrics_path: path,
    static_configs: targets.map(({ port, pod }) => ({
      targets: [`127.0.0.1:${port}`],
      labels: { namespace, pod },
    })),
  }));
  const text = stringify(
    {
      global: { scrape_interval: INTERVAL, evaluation_interval: INTERVAL },
      ...(rulesFile === undefined ? {} : { rule_files: [rulesFile] }),
      scrape_configs: jobs,
    },
    { lineWidth: 0 },
  );
  return `# Of ${status.url}, since ${status.startedAt}. Ports change with each start: print it again then.\n${text}`;
}

/** A sentence about a part that is missing in it; undefined when nothing is. */
export const missingFrom = ({ edge }: AnyStatus): string | undefined =>
  edge.metricsPort === undefined
    ? 'The edge is left out: this HAProxy was built without its Prometheus exporter.'
    : undefined;
