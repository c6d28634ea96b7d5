import { REFUSALS_METRIC } from '../../../edge/metrics.ts';
import type { CertificateSource } from '../certificate-source.ts';
import { THRESHOLDS } from '../thresholds.ts';
import type { Panel } from './dashboard.ts';

const RATE = '[$__rate_interval]';

/** HAProxy, by its own exporter; `of` are the matchers of its series. */
export const edgePanels = (of: string): Panel[] => [
  {
    title: 'Connections',
    unit: 'short',
    queries: [[`sum by (pod) (haproxy_process_current_connections{${of}})`, '{{pod}}']],
  },
  {
    title: 'TLS handshakes',
    unit: 'ops',
    queries: [
      [`sum by (pod) (rate(haproxy_process_ssl_connections_total{${of}}${RATE}))`, '{{pod}}'],
      [`sum(rate(haproxy_process_ssl_cache_misses_total{${of}}${RATE}))`, 'not resumed'],
    ],
  },
  {
    title: 'Requests by answer',
    unit: 'ops',
    queries: [
      [`sum by (proxy, code) (rate(haproxy_frontend_http_responses_total{${of}}${RATE}))`, '{{proxy}} {{code}}'],
    ],
  },
  {
    title: 'Refused requests by reason',
    unit: 'ops',
    threshold: THRESHOLDS.refusals,
    queries: [[`sum by (reason) (rate(${REFUSALS_METRIC}{${of}}${RATE}))`, '{{reason}}']],
  },
  {
    title: 'Sockets and requests at the replicas',
    unit: 'short',
    queries: [[`sum by (proxy) (haproxy_backend_current_sessions{${of}})`, '{{proxy}}']],
  },
  {
    title: 'Sockets and requests by server',
    unit: 'short',
    queries: [[`sum by (server) (haproxy_server_current_sessions{${of}})`, '{{server}}']],
  },
  {
    title: 'Servers that take new players',
    unit: 'short',
    queries: [[`min by (proxy) (haproxy_backend_active_servers{${of}})`, '{{proxy}}']],
  },
  {
    title: 'Errors towards replicas',
    unit: 'ops',
    queries: [
      [`sum by (proxy) (rate(haproxy_backend_connection_errors_total{${of}}${RATE}))`, 'connection {{proxy}}'],
      [`sum by (proxy) (rate(haproxy_backend_retry_warnings_total{${of}}${RATE}))`, 'retried {{proxy}}'],
    ],
  },
  {
    title: 'Traffic of clients',
    unit: 'Bps',
    queries: [
      [`sum(rate(haproxy_frontend_bytes_in_total{${of}}${RATE}))`, 'in'],
      [`sum(rate(haproxy_frontend_bytes_out_total{${of}}${RATE}))`, 'out'],
    ],
  },
];

/** How long the certificate of the edge lasts. */
export const certificatePanels = (of: string, { notAfter, replaced, legend }: CertificateSource): Panel[] => [
  {
    title: 'Time until the certificate expires',
    unit: 's',
    threshold: THRESHOLDS.certificate,
    queries: [[`${notAfter(of)} - time()`, legend]],
  },
  {
    title: 'Certificates replaced',
    description: 'Within an hour.',
    unit: 'short',
    queries: [[replaced(of, '1h').replace(/ > 0$/, ''), legend]],
  },
];
