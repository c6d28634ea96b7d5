// The goldens before kube-score: no critical finding but those with a reason.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { goldenFile, stacks } from './golden.ts';
import { toolPath, toolProblem } from './tools.ts';

const skip = toolProblem('kube-score');
const CRITICAL = 1;

interface Scored {
  object_name: string;
  type_meta: { kind: string };
  object_meta: { name: string };
  checks: {
    check: { id: string };
    grade: number;
    skipped: boolean;
    comments: { path: string; summary: string }[] | null;
  }[];
}

/** Critical findings as `check Kind/name: summary`. */
function findings(stack: string): { check: string; object: string; text: string }[] {
  const args = ['score', '--output-format', 'json', '--kubernetes-version', 'v1.36', goldenFile(`${stack}.yaml`)];
  const { stdout } = spawnSync(toolPath('kube-score'), args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  return (JSON.parse(stdout) as Scored[]).flatMap(({ type_meta, object_meta, checks }) =>
    checks
      .filter(({ grade, skipped }) => !skipped && grade <= CRITICAL)
      .map(({ check, comments }) => {
        const object = `${type_meta.kind}/${object_meta.name}`;
        const why = (comments ?? []).map(({ path, summary }) => `${path} ${summary}`.trim()).join('; ');
        return { check: check.id, object, text: `${check.id} ${object}: ${why}` };
      }),
  );
}

const used = new Set<Exemption>();

for (const stack of stacks) {
  test(`kube-score finds nothing critical in the stack ${stack} but what is exempted`, { skip }, () => {
    const open = findings(stack).filter(({ check, object }) => {
      const exemption = EXEMPTIONS.find((each) => each.check === check && each.objects.test(object));
      if (exemption) used.add(exemption);
      return !exemption;
    });
    assert.deepEqual(
      open.map(({ text }) => text),
      [],
    );
  });
}

test('every exemption is needed and has a reason', { skip }, () => {
  assert.deepEqual(
    EXEMPTIONS.filter((each) => !used.has(each)),
    [],
  );
  for (const { reason } of EXEMPTIONS) assert.ok(reason.length > 20, reason);
});

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
    objects: /^Service\/gridlock-redis(-\d)?$/,
    reason: 'Selects one pod by the label statefulset.kubernetes.io/pod-name, which the StatefulSet adds.',
  },
  {
    check: 'networkpolicy-targets-pod',
    objects: /^NetworkPolicy\/gridlock-acme-solver$/,
    reason: "cert-manager makes the solver's pod for the seconds of a challenge.",
  },
  {
    check: 'networkpolicy-targets-pod',
    objects:
      /^NetworkPolicy\/(default-deny|allow-dns|allow-api-server|operator|metrics-apiserver|webhooks?|cert-manager|trust-manager)$/,
    reason: 'They are for the pods of the charts of KEDA and cert-manager, which only Helm renders.',
  },
  {
    check: 'networkpolicy-targets-pod',
    objects: /^NetworkPolicy\/(.+-)?edge-definitions$/,
    reason: 'The chart of the ingress controller makes this pod, for the seconds in which it makes its definitions.',
  },
  {
    check: 'container-security-context-user-group-id',
    objects: /^Deployment\/.+-edge-controller$/,
    reason: "The files of the controller's image belong to the user 1000, and its supervisor changes some of them.",
  },
];
