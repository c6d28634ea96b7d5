/** User and group of every container of ours: above the ids that a host gives to people and daemons. */
export const USER = 10_001;

/** The fields of a pod that Pod Security `restricted` requires, and files that the group may read. */
export const podSecurity = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  fsGroup: USER,
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
};

/** The fields of a container that `restricted` requires, and a read-only file system. */
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
};

/** Mode of secrets on disk: the owner is root, the group is ours. */
export const SECRET_MODE = 0o440;

/** The fields of a pod that talks to no Kubernetes API and reads no variables of neighbouring services. */
export const isolatedPod = { automountServiceAccountToken: false, enableServiceLinks: false };

/** Requests and limits, local storage included: no container of ours may fill a node's disk. */
export function resources(requests: readonly [string, string], limits: readonly [string, string]) {
  const size = ([cpu, memory]: readonly [string, string], storage: string) => ({
    cpu,
    memory,
    'ephemeral-storage': storage,
  });
  return { requests: size(requests, '16Mi'), limits: size(limits, '128Mi') };
}

/** Spreads pods of one kind over all nodes, so that a failed node takes few of them. */
export const overNodes = (matchLabels: Readonly<Record<string, string>>) => ({
  topologySpreadConstraints: [
    {
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
      maxSkew: 1,
      labelSelector: { matchLabels },
    },
  ],
  affinity: {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 100,
          podAffinityTerm: { labelSelector: { matchLabels }, topologyKey: 'kubernetes.io/hostname' },
        },
      ],
    },
  },
});
