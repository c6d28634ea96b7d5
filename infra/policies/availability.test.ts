import { AVAILABILITY } from './availability.ts';
import { type Objects, podOf, testFaults } from './testing/faults.ts';
import type { Loose } from './testing/good-manifests.ts';

/** Scales with KEDA instead of the good manifests' own autoscaler. */
function scaleByKeda(objects: Objects, changes: Loose = {}): void {
  const { metadata } = objects.HorizontalPodAutoscaler!;
  const spec = { scaleTargetRef: { name: metadata.name }, minReplicaCount: 3, maxReplicaCount: 6, ...changes };
  objects.ScaledObject = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', metadata, spec };
  delete objects.HorizontalPodAutoscaler;
}

testFaults(AVAILABILITY, [
  ['rolling-update', 'recreation', (o) => (o.Deployment!.spec.strategy = { type: 'Recreate' }), /updated by Recreate/],
  ['rolling-update', 'a pod less', (o) => delete o.Deployment!.spec.strategy.rollingUpdate, /below its number/],
  ['enough-replicas', 'a minimum of two', (o) => (o.HorizontalPodAutoscaler!.spec.minReplicas = 2), /2 pods only/],
  ['enough-replicas', 'no autoscaler and no number', (o) => delete o.HorizontalPodAutoscaler, /1 pod only/],
  [
    'replicas-of-the-autoscaler',
    'a number next to an autoscaler',
    (o) => (o.Deployment!.spec.replicas = 3),
    /sets replicas/,
  ],
  [
    'autoscaler-target',
    'no target',
    (o) => (o.HorizontalPodAutoscaler!.spec.scaleTargetRef.name = 'other'),
    /Deployment other, which does not/,
  ],
  [
    'autoscaler-target',
    'a maximum below the minimum',
    (o) => (o.HorizontalPodAutoscaler!.spec.maxReplicas = 1),
    /maximum of 1/,
  ],
  ['enough-replicas', 'a minimum of two for KEDA', (o) => scaleByKeda(o, { minReplicaCount: 2 }), /2 pods only/],
  [
    'replicas-of-the-autoscaler',
    'a number next to KEDA',
    (o) => {
      scaleByKeda(o);
      o.Deployment!.spec.replicas = 3;
    },
    /sets replicas/,
  ],
  [
    'autoscaler-target',
    'no target of KEDA',
    (o) => scaleByKeda(o, { scaleTargetRef: { name: 'other' } }),
    /Deployment other, which does not/,
  ],
  ['disruption-budget', 'no budget', (o) => delete o.PodDisruptionBudget, /no PodDisruptionBudget/],
  [
    'disruption-budget',
    'a budget of none',
    (o) => (o.PodDisruptionBudget!.spec.maxUnavailable = 0),
    /blocks the drain/,
  ],
  [
    'disruption-budget',
    'a budget that wants all',
    (o) =>
      (o.PodDisruptionBudget!.spec = {
        ...o.PodDisruptionBudget!.spec,
        maxUnavailable: undefined,
        minAvailable: 3,
      }),
    /blocks the drain/,
  ],
  [
    'budget-of-the-unhealthy',
    'silence on the unhealthy',
    (o) => delete o.PodDisruptionBudget!.spec.unhealthyPodEvictionPolicy,
    /unhealthy pod/,
  ],
  ['anti-affinity', 'no affinity', (o) => delete podOf(o).affinity, /no podAntiAffinity/],
  ['spread', 'no spread', (o) => delete podOf(o).topologySpreadConstraints, /not spread over nodes/],
  [
    'job-is-cleared',
    'a job that stays',
    (o) => delete o.Job!.spec.ttlSecondsAfterFinished,
    /no ttlSecondsAfterFinished/,
  ],
]);
