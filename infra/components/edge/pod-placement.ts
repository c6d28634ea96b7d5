import type * as kubernetes from '@pulumi/kubernetes';
import type { PodOptions } from '../part.ts';

type PodSpec = kubernetes.types.input.core.v1.PodSpec;

/** Spreads pods over all nodes and zones, so that a failure takes few of them. */
export const spread = (matchLabels: Readonly<Record<string, string>>) => ({
  topologySpreadConstraints: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    matchLabelKeys: ['pod-template-hash'],
    labelSelector: { matchLabels },
  })),
  affinity: {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 100, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels } } },
      ],
    },
  },
});

/** The user's options for the placement of the edge's pods. */
export function placement(pod: PodOptions): Partial<PodSpec> {
  const { imagePullSecrets = [], nodeSelector, tolerations, priorityClassName } = pod;
  return {
    ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
    ...(nodeSelector === undefined ? {} : { nodeSelector: { ...nodeSelector } }),
    ...(tolerations === undefined ? {} : { tolerations: [...tolerations] }),
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
  };
}
