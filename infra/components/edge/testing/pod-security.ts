import assert from 'node:assert/strict';
import type { Container, Pod } from '../testing.ts';

/** Checks that a pod and its container meet Pod Security `restricted`, and have no token that they did not ask for. */
export function restricted(pod: Pod, { securityContext }: Container): void {
  const { allowPrivilegeEscalation, capabilities, runAsNonRoot, privileged } = securityContext as Record<
    string,
    unknown
  > & {
    capabilities: { drop: string[]; add?: string[] };
  };
  assert.deepEqual([allowPrivilegeEscalation, runAsNonRoot, privileged], [false, true, false]);
  assert.deepEqual(capabilities.drop, ['ALL']);
  assert.ok((capabilities.add ?? []).every((name) => name === 'NET_BIND_SERVICE'));
  assert.deepEqual([pod.automountServiceAccountToken, pod.securityContext['runAsNonRoot']], [false, true]);
  assert.deepEqual(pod.securityContext['seccompProfile'], { type: 'RuntimeDefault' });
}
