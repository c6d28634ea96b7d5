// Findings of kube-score that stand, each with its reason. One that no golden needs any more fails the test.

export interface Exemption {
  /** Identifier of the check. */
  check: string;
  /** Kinds and names it is about, as `Deployment/game`. */
  objects: RegExp;
  reason: string;
}

export const EXEMPTIONS: readonly Exemption[] = [
  {
    check: 'container-image-pull-policy',
    objects: /^(Deployment|StatefulSet)\//,
    reason:
      'Tags are hashes of the content or pinned versions: pulling again gives the same, needs a registry at ' +
      'every start, and an image that was loaded into kind is in none.',
  },
  {
    check: 'service-targets-pod',
    objects: /^Service\/redis-\d$/,
    reason: 'Selects one pod by the label statefulset.kubernetes.io/pod-name, which the StatefulSet adds.',
  },
  {
    check: 'networkpolicy-targets-pod',
    objects: /^NetworkPolicy\/acme-solver$/,
    reason: "cert-manager makes the solver's pod for the seconds of a challenge.",
  },
  {
    check: 'pod-probes-identical',
    objects: /^Deployment\/edge$/,
    reason:
      'An HAProxy that answers is ready: it depends on nothing and itself waits for the replicas, so that ' +
      'both probes ask the same; the one that restarts it is more patient.',
  },
];
