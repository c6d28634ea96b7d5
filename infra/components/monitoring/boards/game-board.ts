import { DROPPED } from '../closes.ts';
import { THRESHOLDS } from '../thresholds.ts';
import type { Panel } from './dashboard.ts';

const RATE = '[$__rate_interval]';

/** The replicas; `of` are the matchers of their series. */
export const gamePanels = (of: string): Panel[] => [
  { title: 'Open sockets', unit: 'short', queries: [[`gridlock_sockets{${of}}`, '{{pod}}']] },
  {
    title: 'Replicas',
    unit: 'short',
    threshold: THRESHOLDS.ready,
    queries: [
      [`sum(gridlock_ready{${of}})`, 'ready'],
      [`sum(gridlock_draining{${of}})`, 'draining'],
    ],
  },
  {
    title: 'Moves, from arrival to acknowledgement',
    unit: 's',
    threshold: THRESHOLDS.moves,
    queries: ['0.5', '0.95', '0.99'].map((quantile) => [
      `histogram_quantile(${quantile}, sum by (le) (rate(gridlock_command_seconds_bucket{${of}}${RATE})))`,
      `p${Number(quantile) * 100}`,
    ]),
  },
  {
    title: 'Moves by replica',
    unit: 'ops',
    queries: [[`sum by (pod) (rate(gridlock_command_seconds_count{${of}}${RATE}))`, '{{pod}}']],
  },
  {
    title: 'Messages of clients',
    unit: 'ops',
    queries: [[`sum by (type) (rate(gridlock_messages_in_total{${of}}${RATE})) > 0`, '{{type}}']],
  },
  {
    title: 'Messages to clients',
    unit: 'ops',
    queries: [[`sum by (type) (rate(gridlock_messages_out_total{${of}}${RATE})) > 0`, '{{type}}']],
  },
  {
    title: 'Closed sockets by code',
    unit: 'ops',
    queries: [[`sum by (code) (rate(gridlock_closes_total{${of}}${RATE}))`, '{{code}}']],
  },
  {
    title: 'Broken sockets, as part of the open ones',
    description: 'Within five minutes: broken, failed, silent or slow, not those of a drain or of players who leave.',
    unit: 'percentunit',
    threshold: THRESHOLDS.dropped,
    queries: [
      [
        `sum(increase(gridlock_closes_total{${of},code=~"${DROPPED}"}[5m])) / clamp_min(sum(gridlock_sockets{${of}}), 1)`,
        'broken',
      ],
    ],
  },
  {
    title: 'Returns: exact, or by snapshot',
    unit: 'ops',
    queries: [[`sum by (recovered) (rate(gridlock_resumes_total{${of}}${RATE}))`, 'recovered {{recovered}}']],
  },
  {
    title: 'Returns that got a snapshot, as part of all',
    description: 'Within ten minutes.',
    unit: 'percentunit',
    threshold: THRESHOLDS.snapshots,
    queries: [
      [
        `sum(increase(gridlock_resumes_total{${of},recovered="false"}[10m]))
          / clamp_min(sum(increase(gridlock_resumes_total{${of}}[10m])), 1)`,
        'by snapshot',
      ],
    ],
  },
  {
    title: 'Refused requests by code',
    unit: 'ops',
    queries: [[`sum by (code) (rate(gridlock_requests_refused_total{${of}}${RATE}))`, '{{code}}']],
  },
  {
    title: 'Refused handshakes by reason',
    unit: 'ops',
    queries: [[`sum by (reason) (rate(gridlock_upgrades_refused_total{${of}}${RATE}))`, '{{reason}}']],
  },
  {
    title: 'Entries that had to be read',
    description: 'Redis did not announce them in time, or a follower began to follow.',
    unit: 'ops',
    queries: [[`sum by (type) (rate(gridlock_gap_entries_total{${of}}${RATE}))`, '{{type}}']],
  },
  {
    title: 'Decisions made again, and failures of the application',
    unit: 'ops',
    queries: [
      [`sum(rate(gridlock_append_conflicts_total{${of}}${RATE}))`, 'another replica wrote first'],
      [`sum(rate(gridlock_app_faults_total{${of}}${RATE}))`, 'the application failed'],
    ],
  },
  {
    title: 'Event loop, 99th percentile of its delay',
    unit: 's',
    queries: [[`nodejs_eventloop_lag_p99_seconds{${of}}`, '{{pod}}']],
  },
  {
    title: 'Processor cores of a replica',
    unit: 'short',
    queries: [[`rate(process_cpu_seconds_total{${of}}${RATE})`, '{{pod}}']],
  },
  {
    title: 'Memory of a replica',
    unit: 'bytes',
    queries: [[`process_resident_memory_bytes{${of}}`, '{{pod}}']],
  },
];
