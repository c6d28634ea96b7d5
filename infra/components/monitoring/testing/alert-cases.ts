import type { AlertCase } from './alert-case.ts';
import { CERTIFICATE_CASES } from './certificate-alert-cases.ts';

const kube = 'namespace="gridlock"';
const ns = `${kube},job="gridlock/gridlock-server"`;
const hpa = `${kube},horizontalpodautoscaler="gridlock"`;
const redisReady = `kube_statefulset_status_replicas_ready{${kube},statefulset="gridlock-redis"}`;
const PROBED = 'gridlock-6d4cf56db6-abcde';
const pod = (name: string) => `${ns},pod="${name}"`;

const refused = (name: string, reason: string) =>
  `gridlock_edge_refused_requests_total{${pod(name)},reason="${reason}"}`;

export const CASES: readonly AlertCase[] = [
  {
    name: 'no replica is ready',
    alert: 'GridlockNoReplicaReady',
    at: 5,
    severity: 'critical',
    fires: [{}],
    series: {
      [`gridlock_ready{${pod('a')}}`]: '1 1 0x10',
      [`gridlock_ready{${pod('b')}}`]: '1 0x10',
    },
  },
  {
    name: 'no replica is there at all',
    alert: 'GridlockNoReplicaReady',
    at: 5,
    severity: 'critical',
    fires: [{}],
    series: {},
  },
  {
    name: 'one replica of two is ready',
    alert: 'GridlockNoReplicaReady',
    at: 5,
    fires: [],
    series: {
      [`gridlock_ready{${pod('a')}}`]: '1x10',
      [`gridlock_ready{${pod('b')}}`]: '0x10',
    },
  },
  {
    name: 'a replica is not ready for minutes',
    alert: 'GridlockReplicaNotReady',
    at: 6,
    fires: [{ namespace: 'gridlock', job: 'gridlock/gridlock-server', pod: 'b' }],
    series: {
      [`gridlock_ready{${pod('b')}}`]: '0x10',
      [`gridlock_draining{${pod('b')}}`]: '0x10',
    },
  },
  {
    name: 'a replica drains',
    alert: 'GridlockReplicaNotReady',
    at: 6,
    fires: [],
    series: {
      [`gridlock_ready{${pod('b')}}`]: '0x10',
      [`gridlock_draining{${pod('b')}}`]: '1x10',
    },
  },
  {
    name: 'the edge refuses sixty requests a second for one reason, in two pods',
    alert: 'GridlockEdgeRefuses',
    fires: [{ reason: 'rate_limited' }],
    series: {
      [refused('edge-a', 'rate_limited')]: '0+1800x20',
      [refused('edge-b', 'rate_limited')]: '0+1800x20',
      [refused('edge-a', 'too_large')]: '0+60x20',
    },
  },
  {
    name: 'a burst of refusals is over after two minutes',
    alert: 'GridlockEdgeRefuses',
    fires: [],
    series: { [refused('edge-a', 'rate_limited')]: '0x6 6000+0x14' },
  },
  {
    name: 'a tenth of the sockets breaks',
    alert: 'GridlockSocketsDropped',
    at: 10,
    fires: [{}],
    series: {
      [`gridlock_sockets{${pod('a')}}`]: '1000x10',
      [`gridlock_closes_total{${ns},code="1006"}`]: '0x5 25+25x10',
    },
  },
  {
    name: 'a drain closes all sockets',
    alert: 'GridlockSocketsDropped',
    at: 10,
    fires: [],
    series: {
      [`gridlock_sockets{${pod('a')}}`]: '1000x10',
      [`gridlock_closes_total{${ns},code="1012"}`]: '0x5 200+200x10',
    },
  },
  {
    name: 'players come back and find less than they left',
    alert: 'GridlockResumesFail',
    severity: 'critical',
    fires: [{}],
    series: {
      [`gridlock_resumes_total{${ns},recovered="true"}`]: '0+100x20',
      [`gridlock_resumes_total{${ns},recovered="false"}`]: '0+10x20',
    },
  },
  {
    name: 'every return is exact',
    alert: 'GridlockResumesFail',
    fires: [],
    series: {
      [`gridlock_resumes_total{${ns},recovered="true"}`]: '0+100x20',
      [`gridlock_resumes_total{${ns},recovered="false"}`]: '0x20',
    },
  },
  {
    name: 'moves take half a second',
    alert: 'GridlockMovesSlow',
    fires: [{}],
    series: {
      [`gridlock_command_seconds_bucket{${ns},le="0.25"}`]: '0x20',
      [`gridlock_command_seconds_bucket{${ns},le="0.5"}`]: '0+60x20',
      [`gridlock_command_seconds_bucket{${ns},le="+Inf"}`]: '0+60x20',
    },
  },
  {
    name: 'moves take milliseconds',
    alert: 'GridlockMovesSlow',
    fires: [],
    series: {
      [`gridlock_command_seconds_bucket{${ns},le="0.005"}`]: '0+60x20',
      [`gridlock_command_seconds_bucket{${ns},le="+Inf"}`]: '0+60x20',
    },
  },
  {
    name: 'probes take a second',
    alert: 'GridlockProbesSlow',
    fires: [{ pod: PROBED }],
    series: {
      [`prober_probe_duration_seconds_bucket{${pod(PROBED)},probe_type="Readiness",le="0.5"}`]: '0x20',
      [`prober_probe_duration_seconds_bucket{${pod(PROBED)},probe_type="Readiness",le="1"}`]: '0+60x20',
      [`prober_probe_duration_seconds_bucket{${pod(PROBED)},probe_type="Readiness",le="+Inf"}`]: '0+60x20',
    },
  },
  {
    name: 'Redis has little memory left, as every replica tells',
    alert: 'GridlockRedisNearlyFull',
    fires: [{ node: 'redis:6379' }],
    series: {
      [`gridlock_redis_memory_bytes{${pod('a')},node="redis:6379"}`]: '75x20',
      [`gridlock_redis_memory_bytes{${pod('b')},node="redis:6379"}`]: '75x20',
      [`gridlock_redis_memory_limit_bytes{${pod('a')},node="redis:6379"}`]: '100x20',
      [`gridlock_redis_memory_limit_bytes{${pod('b')},node="redis:6379"}`]: '100x20',
    },
  },
  {
    name: 'Redis has memory left, or no limit',
    alert: 'GridlockRedisNearlyFull',
    fires: [],
    series: {
      [`gridlock_redis_memory_bytes{${pod('a')},node="redis:6379"}`]: '65x20',
      [`gridlock_redis_memory_limit_bytes{${pod('a')},node="redis:6379"}`]: '100x20',
      [`gridlock_redis_memory_bytes{${pod('a')},node="other:6379"}`]: '65x20',
      [`gridlock_redis_memory_limit_bytes{${pod('a')},node="other:6379"}`]: '0x20',
    },
  },
  {
    name: 'commands to Redis fail',
    alert: 'GridlockRedisErrors',
    fires: [{ connection: 'commands' }],
    series: {
      [`gridlock_redis_errors_total{${pod('a')},connection="commands"}`]: '0+120x20',
    },
  },
  {
    name: 'no Redis is ready',
    alert: 'GridlockRedisDown',
    at: 3,
    severity: 'critical',
    fires: [{ namespace: 'gridlock', statefulset: 'gridlock-redis' }],
    series: {
      [redisReady]: '3 0x10',
    },
  },
  {
    name: 'two of three Redis are ready',
    alert: 'GridlockRedisNotRedundant',
    at: 10,
    fires: [{ namespace: 'gridlock', statefulset: 'gridlock-redis' }],
    series: {
      [redisReady]: '2x10',
    },
  },
  {
    name: 'two of three Redis count as running',
    alert: 'GridlockRedisDown',
    at: 10,
    fires: [],
    series: {
      [redisReady]: '2x10',
    },
  },
  {
    name: 'the autoscaler has reached its limit',
    alert: 'GridlockAutoscalerAtMaximum',
    fires: [{ namespace: 'gridlock', horizontalpodautoscaler: 'gridlock' }],
    series: {
      [`kube_horizontalpodautoscaler_status_desired_replicas{${hpa}}`]: '12x20',
      [`kube_horizontalpodautoscaler_spec_max_replicas{${hpa}}`]: '12x20',
    },
  },
  {
    name: 'there is room for replicas',
    alert: 'GridlockAutoscalerAtMaximum',
    fires: [],
    series: {
      [`kube_horizontalpodautoscaler_status_desired_replicas{${hpa}}`]: '11x20',
      [`kube_horizontalpodautoscaler_spec_max_replicas{${hpa}}`]: '12x20',
    },
  },
  {
    name: 'the autoscaler gets no metrics',
    alert: 'GridlockAutoscalerBlind',
    at: 10,
    fires: [
      { namespace: 'gridlock', horizontalpodautoscaler: 'gridlock', condition: 'ScalingActive', status: 'false' },
    ],
    series: {
      [`kube_horizontalpodautoscaler_status_condition{${hpa},condition="ScalingActive",status="false"}`]: '1x20',
    },
  },
  {
    name: 'KEDA reads nothing',
    alert: 'GridlockSocketsUnread',
    fires: [{}],
    series: { [`keda_scaled_object_errors_total{${kube},scaledObject="gridlock"}`]: '0+4x20' },
  },
  {
    name: 'KEDA read nothing once',
    alert: 'GridlockSocketsUnread',
    fires: [],
    series: { [`keda_scaled_object_errors_total{${kube},scaledObject="gridlock"}`]: '0x4 1x16' },
  },
  {
    name: 'no replica of another server is ready',
    stack: 'other',
    alert: 'GridlockNoReplicaReady',
    severity: 'critical',
    fires: [{}],
    series: { [`kube_deployment_status_replicas_ready{${kube},deployment="gridlock"}`]: '2 0x20' },
  },
  {
    name: 'a replica of another server is ready',
    stack: 'other',
    alert: 'GridlockNoReplicaReady',
    fires: [],
    series: { [`kube_deployment_status_replicas_ready{${kube},deployment="gridlock"}`]: '1x20' },
  },
  ...CERTIFICATE_CASES,
];
