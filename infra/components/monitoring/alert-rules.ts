import { REFUSALS_METRIC } from '../../edge/metrics.ts';
import { type RuleGroup, rule } from './alert-rule.ts';
import { certificateRules, expiryRule, servedCertificateRules } from './certificate-rules.ts';
import { AUTHORITY } from './certificate-source.ts';
import { DROPPED } from './closes.ts';
import { type Monitored, seriesOf } from './monitored.ts';
import { THRESHOLDS } from './thresholds.ts';

const { ready, dropped, snapshots, moves, probes, redisErrors, redisMemory, refusals } = THRESHOLDS;

/** Alerts on Kubernetes' own metrics of the replicas of any server. */
function deploymentRules({ namespace, cluster }: Monitored) {
  return [
    rule(
      ready.severity,
      ready.alert,
      `(sum(kube_deployment_status_replicas_ready{namespace="${namespace}",deployment="${cluster}"}) or vector(0))
        < ${ready.at}`,
      '1m',
      'No replica is ready.',
      'Nobody can connect. Look at the events and at the log of a pod.',
    ),
  ];
}

/** @param ns matches the series of the replicas @param pods matches their names */
function replicaRules(ns: string, pods: string) {
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
      'The slowest 1% of moves takes {{ $value | humanizeDuration }}.',
      'Redis or its disk is slow, or a replica has too much to do: see the dashboard.',
    ),
    rule(
      probes.severity,
      probes.alert,
      `
      histogram_quantile(0.95, sum by (le, pod) (
        rate(prober_probe_duration_seconds_bucket{${pods},probe_type="Readiness"}[5m]))) > ${probes.at}`,
      '5m',
      'Readiness probes of {{ $labels.pod }} take {{ $value | humanizeDuration }}.',
      'Its event loop is held up or its node is out of CPU. At 2 s it loses its place at the edge.',
    ),
  ];
}

interface WatchedRedis {
  readonly kind: Monitored['redis'];
  /** Matches its StatefulSet. */
  readonly statefulSet: string;
  readonly name: string;
}

/** @param ns matches the series of the replicas */
function redisRules(ns: string, { kind, statefulSet, name }: WatchedRedis) {
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
      'Redis ({{ $labels.node }}) uses {{ $value | humanizePercentage }} of its memory limit.',
      'At 75 % new games are refused, at 85 % new players. Raise its limit, or find out what is kept so long.',
    ),
  ];
  if (kind === 'external') return rules;
  const serving = `kube_statefulset_status_replicas_ready{${statefulSet}}`;
  const down = rule(
    'critical',
    'RedisDown',
    `${serving} < 1`,
    '30s',
    'Redis is down.',
    `No move is possible. Look at the events of ${name}-0 and at its volume.`,
  );
  if (kind === 'single') return [down, ...rules];
  return [
    down,
    rule(
      'warning',
      'RedisNotRedundant',
      `${serving} < 3`,
      '5m',
      'Only {{ $value }} of 3 Redis are ready.',
      'With fewer than 2, a primary that fails is not replaced, and a primary without a replica refuses writes.',
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
      'A client is broken, or the edge is being flooded. Its log has a few of these requests, with their addresses.',
    ),
  ];
}

function scalingRules({ namespace, cluster }: Monitored) {
  const hpa = `namespace="${namespace}",horizontalpodautoscaler="${cluster}"`;
  return [
    rule(
      'warning',
      'AutoscalerAtMaximum',
      `
      kube_horizontalpodautoscaler_status_desired_replicas{${hpa}}
        >= on (namespace, horizontalpodautoscaler) kube_horizontalpodautoscaler_spec_max_replicas{${hpa}}`,
      '10m',
      'The number of replicas has reached its limit.',
      'More clients crowd the existing replicas: raise maxReplicas, or socketsPerReplica when CPU allows.',
    ),
    rule(
      'warning',
      'AutoscalerBlind',
      `
      kube_horizontalpodautoscaler_status_condition{${hpa},condition="ScalingActive",status="false"} == 1`,
      '5m',
      'The autoscaler gets no metrics.',
      'No replica is added or removed. Look at KEDA and the APIService v1beta1.external.metrics.k8s.io.',
    ),
    rule(
      'warning',
      'SocketsUnread',
      `
      sum(rate(keda_scaled_object_errors_total{namespace="${namespace}",scaledObject="${cluster}"}[5m])) > 0`,
      '5m',
      'KEDA cannot read how many sockets are open.',
      'The number of replicas stays as it is. kubectl describe scaledobject says why; look at the network policies.',
    ),
  ];
}

/** The alerts for a cluster, grouped by what they watch. Pure. */
export function alertRules(monitored: Monitored): RuleGroup[] {
  const { namespace, cluster, server, edge, redis, isScaled, certificates } = monitored;
  const series = seriesOf(monitored);
  const kube = `namespace="${namespace}"`;
  const redisName = `${cluster}-redis`;
  const isOwn = server.kind === 'gridlock';
  const edgePods = `namespace="${edge.pods.namespace ?? namespace}"`;
  const certificateAlerts = [
    ...(certificates.certManager === undefined ? [] : certificateRules(monitored, certificates.certManager)),
    ...(edge.tellsCertificate ? servedCertificateRules(edgePods, certificates.certManager === undefined) : []),
  ];
  const watched = { kind: redis, statefulSet: `${kube},statefulset="${redisName}"`, name: redisName };
  return [
    {
      name: 'gridlock-replicas',
      rules: isOwn
        ? replicaRules(series, `${kube},pod=~"${cluster}-[a-z0-9]{6,10}-[a-z0-9]{5}"`)
        : deploymentRules(monitored),
    },
    ...(edge.refusalsPort === undefined ? [] : [{ name: 'gridlock-edge', rules: edgeRules(edgePods) }]),
    ...(isOwn && redis !== undefined ? [{ name: 'gridlock-redis', rules: redisRules(series, watched) }] : []),
    ...(isScaled ? [{ name: 'gridlock-scaling', rules: scalingRules(monitored) }] : []),
    ...(certificateAlerts.length === 0 ? [] : [{ name: 'gridlock-certificates', rules: certificateAlerts }]),
  ];
}

/** The alerts that make sense for the processes of `npm start`. */
export function localAlertRules(namespace: string): RuleGroup[] {
  const ns = `namespace="${namespace}"`;
  return [
    { name: 'gridlock-replicas', rules: replicaRules(ns, `${ns},pod=~"ws.*"`) },
    { name: 'gridlock-edge', rules: edgeRules(ns) },
    // Its process is restarted automatically.
    { name: 'gridlock-redis', rules: redisRules(ns, { kind: 'external', statefulSet: '', name: '' }) },
    { name: 'gridlock-certificates', rules: [expiryRule(AUTHORITY.notAfter(ns), 'role')] },
  ];
}
