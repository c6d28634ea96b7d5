import type { Policy } from './manifest.ts';
import { type Fields, isController, type Manifest, matches, podSpec, podTemplate, sameNamespace } from './manifest.ts';

const FEWEST = 3;

/** Whether a workload keeps interchangeable pods running; a DaemonSet follows the nodes. */
const isReplicated = (manifest: Manifest): boolean => isController(manifest) && manifest.kind !== 'DaemonSet';

/** The target and limits of an autoscaler, either Kubernetes' own or KEDA's; undefined for another object. */
function scaling({ kind, spec }: Manifest): { target: Fields; min: number; max: number } | undefined {
  const target = { kind: 'Deployment', ...spec?.scaleTargetRef };
  if (kind === 'HorizontalPodAutoscaler') return { target, min: spec?.minReplicas ?? 1, max: spec?.maxReplicas };
  if (kind !== 'ScaledObject') return undefined;
  return { target, min: spec?.minReplicaCount ?? 0, max: spec?.maxReplicaCount ?? 100 };
}

function isTarget(manifest: Manifest, autoscaler: Manifest): boolean {
  const target = scaling(autoscaler)?.target;
  return target?.kind === manifest.kind && target?.name === manifest.metadata?.name;
}

const autoscalerOf = (manifest: Manifest, all: readonly Manifest[]): Manifest | undefined =>
  sameNamespace(manifest, all).find((other) => isTarget(manifest, other));

/** The least number of pods while nothing fails. */
function fewest(manifest: Manifest, all: readonly Manifest[]): number {
  const autoscaler = autoscalerOf(manifest, all);
  return Number((autoscaler && scaling(autoscaler)?.min) ?? manifest.spec?.replicas ?? 1);
}

const budgetOf = (manifest: Manifest, all: readonly Manifest[]): Manifest | undefined =>
  sameNamespace(manifest, all).find(
    ({ kind, spec }) =>
      kind === 'PodDisruptionBudget' && matches(spec?.selector?.matchLabels, podTemplate(manifest)?.metadata.labels),
  );

const workload = (
  name: string,
  sentence: string,
  check: (manifest: Manifest, all: readonly Manifest[]) => string[],
): Policy => ({
  name,
  sentence,
  whole: true,
  check: (manifest, all) => (isReplicated(manifest) ? check(manifest, all) : []),
});

/** Several pods of one kind must not all be on one node. */
const onlyOfSeveral =
  (check: (spec: Fields) => string[]) =>
  (manifest: Manifest, all: readonly Manifest[]): string[] =>
    fewest(manifest, all) > 1 ? check(podSpec(manifest) ?? {}) : [];

export const AVAILABILITY: readonly Policy[] = [
  {
    name: 'rolling-update',
    sentence: 'Deployments keep their number of pods during an update.',
    check: ({ kind, spec }) => {
      if (kind !== 'Deployment') return [];
      if (![undefined, 'RollingUpdate'].includes(spec?.strategy?.type)) return [`is updated by ${spec?.strategy.type}`];
      return spec?.strategy?.rollingUpdate?.maxUnavailable === 0 ? [] : ['goes below its number of pods in an update'];
    },
  },
  workload('enough-replicas', `Workloads have ${FEWEST} pods or more.`, (manifest, all) => {
    const number = fewest(manifest, all);
    return number < FEWEST ? [`may have ${number} pod${number === 1 ? '' : 's'} only`] : [];
  }),
  workload(
    'replicas-of-the-autoscaler',
    'A workload with an autoscaler has no fixed number of pods.',
    (manifest, all) =>
      autoscalerOf(manifest, all) && manifest.spec?.replicas !== undefined
        ? ['sets replicas, which every deployment would reset']
        : [],
  ),
  {
    name: 'autoscaler-target',
    sentence: 'Autoscalers scale an existing workload, and their maximum exceeds their minimum.',
    whole: true,
    check: (manifest, all) => {
      const scaled = scaling(manifest);
      if (scaled === undefined) return [];
      const { target, min, max } = scaled;
      if (max < min) return [`has a maximum of ${max}, a minimum of ${min}`];
      return sameNamespace(manifest, all).some((other) => isTarget(other, manifest))
        ? []
        : [`scales ${target['kind']} ${target['name']}, which does not exist`];
    },
  },
  workload(
    'disruption-budget',
    'Workloads of several pods have a PodDisruptionBudget that lets one go.',
    (manifest, all) => {
      const number = fewest(manifest, all);
      if (number < 2) return [];
      const { minAvailable, maxUnavailable } = budgetOf(manifest, all)?.spec ?? {};
      if (minAvailable === undefined && maxUnavailable === undefined) return ['has no PodDisruptionBudget'];
      const blocks = maxUnavailable === 0 || (typeof minAvailable === 'number' && minAvailable >= number);
      return blocks ? ['has a PodDisruptionBudget that blocks the drain of a node'] : [];
    },
  ),
  {
    name: 'budget-of-the-unhealthy',
    sentence: 'PodDisruptionBudgets say whether unhealthy pods may be evicted.',
    check: ({ kind, spec }) =>
      kind === 'PodDisruptionBudget' && !spec?.unhealthyPodEvictionPolicy
        ? ['does not say whether an unhealthy pod may be evicted']
        : [],
  },
  workload(
    'anti-affinity',
    'Pods of one workload keep away from each other.',
    onlyOfSeveral(({ affinity }) => {
      const {
        requiredDuringSchedulingIgnoredDuringExecution: must = [],
        preferredDuringSchedulingIgnoredDuringExecution: may = [],
      } = affinity?.podAntiAffinity ?? {};
      return must.length + may.length > 0 ? [] : ['has no podAntiAffinity'];
    }),
  ),
  workload(
    'spread',
    'Pods of one workload are spread over nodes.',
    onlyOfSeveral(({ topologySpreadConstraints = [] }) =>
      (topologySpreadConstraints as Fields[]).some(({ topologyKey }) => topologyKey === 'kubernetes.io/hostname')
        ? []
        : ['is not spread over nodes'],
    ),
  ),
  {
    name: 'job-is-cleared',
    sentence: 'Jobs are removed when they are done.',
    check: ({ kind, spec }) =>
      kind === 'Job' && spec?.ttlSecondsAfterFinished === undefined ? ['has no ttlSecondsAfterFinished'] : [],
  },
];
