import type { Config } from '../../config/config.ts';
import { REFUSALS_METRIC } from '../../edge/metrics.ts';
import { type RuleGroup, rule } from './alert-rule.ts';
import { certificateRules, expiryRule, servedCertificateRules } from './certificate-rules.ts';
import { AUTHORITY } from './certificate-source.ts';
import { DROPPED } from './closes.ts';
import { THRESHOLDS } from './thresholds.ts';

const { ready, dropped, snapshots, moves, probes, redisErrors, redisMemory, refusals } = THRESHOLDS;

type Settings = Pick<Config, 'namespace' | 'redis' | 'autoscaling' | 'certificates' | 'charts' | 'ingress' | 'pki'>;

function replicaRules(ns: string) {
  return [
    rule(
      ready.severity,
      ready.alert,
      `(sum(gridlock_ready{${ns}}) or vector(0)) < ${ready.at}`,
      '1m',
      'No replica of the game is ready.',
      'Nobody can connect. Look at the readiness answer of a pod (/readyz says why) and at Redis.',
    ),
    rule(
      'warning',
      'ReplicaNotReady',
      `gridlock_ready{${ns}} == 0 and gridlock_draining{${ns}} == 0`,
      '2m',
      'The replica {{ $labels.pod }} is not ready.',
      'It takes no new players and keeps those it has. Its /readyz says why; its log has the failures of Redis.',
    ),
    rule(
      dropped.severity,
      dropped.alert,
      `
      sum(increase(gridlock_closes_total{${ns},code=~"${DROPPED}"}[5m]))
        > ${dropped.at} * sum(gridlock_sockets{${ns}} offset 5m)
      and sum(increase(gridlock_closes_total{${ns},code=~"${DROPPED}"}[5m])) > 20`,
      '0m',
      '{{ $value | humanize }} sockets broke within five minutes.',
      'More than a twentieth of the sockets broke or fell silent. Look at the edge, its nodes and the network.',
    ),
    rule(
      snapshots.severity,
      snapshots.alert,
      `
      sum(rate(gridlock_resumes_total{${ns},recovered="false"}[10m]))
        / sum(rate(gridlock_resumes_total{${ns}}[10m])) > ${snapshots.at}
      and sum(increase(gridlock_resumes_total{${ns},recovered="false"}[10m])) > 5`,
      '0m',
      '{{ $value | humanizePercentage }} of the players who came back got a snapshot instead of what they missed.',
      'Redis lost the tail of games: it was replaced by a replica, or restarted without redisPersistence always.',
    ),
    rule(
      moves.severity,
      moves.alert,
      `
      histogram_quantile(0.99, sum by (le) (rate(gridlock_command_seconds_bucket{${ns}}[5m]))) > ${moves.at}`,
      '5m',
      'The slowest hundredth of moves takes {{ $value | humanizeDuration }}.',
      'Redis or its disk is slow, or a replica has too much to do: see the dashboard.',
    ),
    rule(
      probes.severity,
      probes.alert,
      `
      histogram_quantile(0.95, sum by (le, pod) (
        rate(prober_probe_duration_seconds_bucket{${ns},pod=~"gridlock-[a-z0-9]{6,10}-[a-z0-9]{5}",probe_type="Readiness"}[5m]))) > ${probes.at}`,
      '5m',
      'Readiness probes of {{ $labels.pod }} take {{ $value | humanizeDuration }}.',
      'Its event loop is held up or its node is out of CPU. At 2 s it loses its place at the edge.',
    ),
  ];
}

function redisRules(ns: string, redis: Config['redis']) {
  const rules = [
    rule(
      redisErrors.severity,
      redisErrors.alert,
      `sum by (connection) (rate(gridlock_redis_errors_total{${ns}}[5m])) > ${redisErrors.at}`,
      '5m',
      'Commands to Redis fail ({{ $labels.connection }}).',
      'Players are told that the store is unavailable, and repeat. Look at Redis, its volume and the network.',
    ),
    rule(
      redisMemory.severity,
      redisMemory.alert,
      `
      max by (node) (gridlock_redis_memory_bytes{${ns}}
        / (gridlock_redis_memory_limit_bytes{${ns}} > 0)) > ${redisMemory.at}`,
      '5m',
      'Redis ({{ $labels.node }}) uses {{ $value | humanizePercentage }} of the memory it may.',
      'From 75 % on new games are refused, from 85 % on new players. Raise its limit, or look at what is kept so long.',
    ),
  ];
  if (redis === 'external') return rules;
  const serving = `kube_statefulset_status_replicas_ready{${ns},statefulset="gridlock-redis"}`;
  const down = rule(
    'critical',
    'RedisDown',
    `${serving} < 1`,
    '30s',
    'Redis is down.',
    'No move is possible. Look at the events of gridlock-redis-0 and at its volume.',
  );
  if (redis === 'single') return [down, ...rules];
  return [
    down,
    rule(
      'warning',
      'RedisNotRedundant',
      `${serving} < 3`,
      '5m',
      'Only {{ $value }} of 3 Redis are ready.',
      'With fewer than 2 a primary that fails is not replaced, and refuses writes as it has no replica.',
    ),
    ...rules,
  ];
}

function edgeRules(ns: string) {
  return [
    rule(
      refusals.severity,
      refusals.alert,
      `sum by (reason) (rate(${REFUSALS_METRIC}{${ns}}[5m])) > ${refusals.at}`,
      '5m',
      'The edge refuses {{ $value | humanize }} requests a second ({{ $labels.reason }}).',
      'A client is broken, or somebody floods the edge. Its log has a few of these requests, with their addresses.',
    ),
  ];
}

function scalingRules(ns: string) {
  const hpa = `${ns},horizontalpodautoscaler="gridlock"`;
  return [
    rule(
      'warning',
      'AutoscalerAtMaximum',
      `
      kube_horizontalpodautoscaler_status_desired_replicas{${hpa}}
        >= on (namespace, horizontalpodautoscaler) kube_horizontalpodautoscaler_spec_max_replicas{${hpa}}`,
      '10m',
      'The game runs with as many replicas as it may.',
      'Further players crowd those there are: raise maxReplicas, or socketsPerReplica when CPU allows.',
    ),
    rule(
      'warning',
      'AutoscalerBlind',
      `
      kube_horizontalpodautoscaler_status_condition{${hpa},condition="ScalingActive",status="false"} == 1`,
      '5m',
      'The autoscaler gets no metrics.',
      'No replica is added or taken away. Look at the APIService v1beta2.custom.metrics.k8s.io and metrics-api.',
    ),
  ];
}

/** Whether the edge counts what it refuses: a controller of others does not do it for us. */
const countsRefusals = ({ ingress, charts }: Settings): boolean => ingress === 'haproxy' || charts.ingress.install;

/** The alerts for a stack, grouped by what they watch. Pure. */
export function alertRules(config: Settings): RuleGroup[] {
  const ns = `namespace="${config.namespace}"`;
  const certificates = [
    ...(config.certificates === 'files' ? [] : certificateRules(config)),
    ...(config.ingress === 'haproxy' ? servedCertificateRules(config) : []),
  ];
  return [
    { name: 'gridlock-replicas', rules: replicaRules(ns) },
    ...(countsRefusals(config) ? [{ name: 'gridlock-edge', rules: edgeRules(ns) }] : []),
    { name: 'gridlock-redis', rules: redisRules(ns, config.redis) },
    ...(config.autoscaling === 'none' ? [] : [{ name: 'gridlock-scaling', rules: scalingRules(ns) }]),
    ...(certificates.length === 0 ? [] : [{ name: 'gridlock-certificates', rules: certificates }]),
  ];
}

/** The alerts that make sense for the processes of `npm start`. */
export function localAlertRules(namespace: string): RuleGroup[] {
  const ns = `namespace="${namespace}"`;
  return [
    { name: 'gridlock-replicas', rules: replicaRules(ns) },
    { name: 'gridlock-edge', rules: edgeRules(ns) },
    // Its process is started again by itself.
    { name: 'gridlock-redis', rules: redisRules(ns, 'external') },
    { name: 'gridlock-certificates', rules: [expiryRule(AUTHORITY.notAfter(ns), 'role')] },
  ];
}
