import { THRESHOLDS } from '../thresholds.ts';
import type { Panel } from './dashboard.ts';

const RATE = '[$__rate_interval]';

/** All replicas report the same metrics of a node: the largest figure is the newest one. */
const newest = (expr: string): string => `max by (node) (${expr})`;

/** Redis as the replicas see it; `of` are the matchers of their series, `nodes` also those of the chosen nodes. */
export const redisPanels = (of: string, nodes: string): Panel[] => [
  {
    title: 'Memory, as part of its limit',
    description: 'At 75 % new games are refused, at 85 % new players. Nothing is evicted.',
    unit: 'percentunit',
    threshold: THRESHOLDS.redisMemory,
    queries: [
      [newest(`gridlock_redis_memory_bytes{${nodes}} / (gridlock_redis_memory_limit_bytes{${nodes}} > 0)`), '{{node}}'],
    ],
  },
  {
    title: 'Memory',
    unit: 'bytes',
    queries: [
      [newest(`gridlock_redis_memory_bytes{${nodes}}`), 'used {{node}}'],
      [newest(`gridlock_redis_memory_limit_bytes{${nodes}}`), 'limit {{node}}'],
    ],
  },
  {
    title: 'Commands',
    unit: 'ops',
    queries: [[newest(`rate(gridlock_redis_commands_total{${nodes}}${RATE})`), '{{node}}']],
  },
  {
    title: 'Commands answered by an error',
    unit: 'ops',
    queries: [[newest(`rate(gridlock_redis_failed_commands_total{${nodes}}${RATE})`), '{{node}}']],
  },
  {
    title: 'Round trip from a replica',
    description: 'Of INFO, which waits until Redis has done and written everything before it.',
    unit: 's',
    queries: [[`max by (pod) (gridlock_redis_round_trip_seconds{${nodes}})`, '{{pod}}']],
  },
  {
    title: 'Failures that replicas saw',
    unit: 'ops',
    threshold: THRESHOLDS.redisErrors,
    queries: [[`sum by (connection) (rate(gridlock_redis_errors_total{${of}}${RATE}))`, '{{connection}}']],
  },
  {
    title: 'Commands of players appended together',
    unit: 'short',
    queries: ['0.5', '0.99'].map((quantile) => [
      `histogram_quantile(${quantile}, sum by (le) (rate(gridlock_append_batch_commands_bucket{${of}}${RATE})))`,
      `p${Number(quantile) * 100}`,
    ]),
  },
  {
    title: 'Processor cores',
    unit: 'short',
    queries: [[newest(`rate(gridlock_redis_cpu_seconds_total{${nodes}}${RATE})`), '{{node}}']],
  },
  {
    title: 'Traffic',
    unit: 'Bps',
    queries: [
      [newest(`rate(gridlock_redis_received_bytes_total{${nodes}}${RATE})`), 'in {{node}}'],
      [newest(`rate(gridlock_redis_sent_bytes_total{${nodes}}${RATE})`), 'out {{node}}'],
    ],
  },
  { title: 'Connections', unit: 'short', queries: [[newest(`gridlock_redis_clients{${nodes}}`), '{{node}}']] },
  {
    title: 'Replicas of Redis that are connected',
    unit: 'short',
    queries: [[newest(`gridlock_redis_replicas{${nodes}}`), '{{node}}']],
  },
  {
    title: 'How far its slowest replica is behind',
    unit: 'bytes',
    queries: [[newest(`gridlock_redis_replica_lag_bytes{${nodes}}`), '{{node}}']],
  },
  {
    title: 'Whether the last write reached the disk',
    description: '1: it did. 0: Redis refuses writes until it can write again.',
    unit: 'short',
    queries: [[`min by (node) (gridlock_redis_persistent{${nodes}})`, '{{node}}']],
  },
];
