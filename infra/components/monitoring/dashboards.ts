import type { Config } from '../../config/config.ts';
import { REFUSALS_METRIC } from '../../edge/metrics.ts';
import { CONTROLLER_NAMESPACE } from '../edge/edge-service.ts';

/** One graph: what it is called, in what unit, and a query for each kind of line with its legend. */
interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly (readonly [expr: string, legend: string])[];
}

const WIDTH = 12;
const HEIGHT = 8;
const DATA_SOURCE = { type: 'prometheus', uid: '${datasource}' };

const game = (ns: string): Panel[] => [
  { title: 'Open sockets', unit: 'short', queries: [[`gridlock_sockets{${ns}}`, '{{pod}}']] },
  {
    title: 'Ready and draining replicas',
    unit: 'short',
    queries: [
      [`sum(gridlock_ready{${ns}})`, 'ready'],
      [`sum(gridlock_draining{${ns}})`, 'draining'],
    ],
  },
  {
    title: 'Moves, from arrival to acknowledgement',
    unit: 's',
    queries: ['0.5', '0.95', '0.99'].map((quantile) => [
      `histogram_quantile(${quantile}, sum by (le) (rate(gridlock_command_seconds_bucket{${ns}}[$__rate_interval])))`,
      `p${Number(quantile) * 100}`,
    ]),
  },
  {
    title: 'Messages',
    unit: 'ops',
    queries: [
      [`sum by (type) (rate(gridlock_messages_in_total{${ns}}[$__rate_interval]))`, 'in: {{type}}'],
      [`sum by (type) (rate(gridlock_messages_out_total{${ns}}[$__rate_interval]))`, 'out: {{type}}'],
    ],
  },
  {
    title: 'Closed sockets by code',
    unit: 'ops',
    queries: [[`sum by (code) (rate(gridlock_closes_total{${ns}}[$__rate_interval]))`, '{{code}}']],
  },
  {
    title: 'Returns: exact, or by snapshot',
    unit: 'ops',
    queries: [
      [`sum by (recovered) (rate(gridlock_resumes_total{${ns}}[$__rate_interval]))`, 'recovered {{recovered}}'],
    ],
  },
  {
    title: 'Refusals',
    unit: 'ops',
    queries: [
      [`sum by (code) (rate(gridlock_requests_refused_total{${ns}}[$__rate_interval]))`, 'request: {{code}}'],
      [`sum by (reason) (rate(gridlock_upgrades_refused_total{${ns}}[$__rate_interval]))`, 'handshake: {{reason}}'],
    ],
  },
  {
    title: 'Redis: failures, and entries that had to be read',
    unit: 'ops',
    queries: [
      [`sum by (connection) (rate(gridlock_redis_errors_total{${ns}}[$__rate_interval]))`, 'failed: {{connection}}'],
      [`sum by (type) (rate(gridlock_gap_entries_total{${ns}}[$__rate_interval]))`, 'gap: {{type}}'],
    ],
  },
  {
    title: 'Event loop, 99th percentile of its delay',
    unit: 's',
    queries: [[`nodejs_eventloop_lag_p99_seconds{${ns},pod=~"game-.*"}`, '{{pod}}']],
  },
  {
    title: 'CPU and memory of a replica',
    unit: 'short',
    queries: [
      [`rate(process_cpu_seconds_total{${ns},pod=~"game-.*"}[$__rate_interval])`, 'cores {{pod}}'],
      [`process_resident_memory_bytes{${ns},pod=~"game-.*"} / 2^20`, 'MiB {{pod}}'],
    ],
  },
];

const edge = (ns: string): Panel[] => [
  {
    title: 'Connections',
    unit: 'short',
    queries: [[`sum by (pod) (haproxy_process_current_connections{${ns}})`, '{{pod}}']],
  },
  {
    title: 'TLS handshakes',
    unit: 'ops',
    queries: [
      [`sum by (pod) (rate(haproxy_process_ssl_connections_total{${ns}}[$__rate_interval]))`, '{{pod}}'],
      [`sum(rate(haproxy_process_ssl_cache_misses_total{${ns}}[$__rate_interval]))`, 'not resumed'],
    ],
  },
  {
    title: 'Requests by answer',
    unit: 'ops',
    queries: [
      [
        `sum by (proxy, code) (rate(haproxy_frontend_http_responses_total{${ns}}[$__rate_interval]))`,
        '{{proxy}} {{code}}',
      ],
    ],
  },
  {
    title: 'Refused requests by reason',
    unit: 'ops',
    queries: [[`sum by (reason) (rate(${REFUSALS_METRIC}{${ns}}[$__rate_interval]))`, '{{reason}}']],
  },
  {
    title: 'Sockets and requests at the replicas',
    unit: 'short',
    queries: [[`sum by (proxy) (haproxy_backend_current_sessions{${ns}})`, '{{proxy}}']],
  },
  {
    title: 'Servers that take new players',
    unit: 'short',
    queries: [[`min by (proxy) (haproxy_backend_active_servers{${ns}})`, '{{proxy}}']],
  },
  {
    title: 'Errors towards replicas',
    unit: 'ops',
    queries: [
      [
        `sum by (proxy) (rate(haproxy_backend_connection_errors_total{${ns}}[$__rate_interval]))`,
        'connection {{proxy}}',
      ],
      [`sum by (proxy) (rate(haproxy_backend_retry_warnings_total{${ns}}[$__rate_interval]))`, 'retried {{proxy}}'],
    ],
  },
];

/** What the plain edge's agent adds. */
const certificate = (ns: string): Panel[] => [
  {
    title: 'Time until the served certificate expires',
    unit: 's',
    queries: [[`(gridlock_edge_certificate_not_after_seconds{${ns}} > 0) - time()`, '{{pod}}']],
  },
  {
    title: 'Certificate: replaced, and looks that failed',
    unit: 'short',
    queries: [
      [`increase(gridlock_edge_certificate_changes_total{${ns}}[$__rate_interval])`, 'replaced {{pod}}'],
      [`increase(gridlock_edge_certificate_failures_total{${ns}}[$__rate_interval])`, 'failed {{pod}}'],
    ],
  },
];

const graph = ({ title, unit, queries }: Panel, index: number) => ({
  id: index + 1,
  type: 'timeseries',
  title,
  datasource: DATA_SOURCE,
  gridPos: { x: (index % 2) * WIDTH, y: Math.floor(index / 2) * HEIGHT, w: WIDTH, h: HEIGHT },
  fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
  options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
  targets: queries.map(([expr, legendFormat], number) => ({
    refId: String.fromCharCode(65 + number),
    datasource: DATA_SOURCE,
    expr,
    legendFormat,
  })),
});

const dashboard = (uid: string, title: string, panels: readonly Panel[]) => ({
  uid,
  title,
  tags: ['gridlock'],
  schemaVersion: 39,
  editable: false,
  refresh: '10s',
  time: { from: 'now-1h', to: 'now' },
  templating: {
    list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', current: {} }],
  },
  panels: panels.map(graph),
});

/** Grafana's dashboards by file name, for the namespaces of the game and of its edge. Pure. */
export function dashboards({ namespace, ingress }: Pick<Config, 'namespace' | 'ingress'>): Record<string, object> {
  const ns = (name: string) => `namespace="${name}"`;
  const plain = ingress === 'haproxy';
  const panels = plain ? [...edge(ns(namespace)), ...certificate(ns(namespace))] : edge(ns(CONTROLLER_NAMESPACE));
  return {
    'gridlock-game.json': dashboard('gridlock-game', 'Gridlock: game', game(ns(namespace))),
    'gridlock-edge.json': dashboard('gridlock-edge', 'Gridlock: edge', panels),
  };
}
