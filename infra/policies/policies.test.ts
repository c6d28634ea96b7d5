import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXEMPTIONS, exemptionOf } from './exemptions.ts';
import { type Manifest, OPTIONAL_POLICIES, POLICIES, review } from './index.ts';
import { setOf } from './testing/faults.ts';
import { goodManifests } from './testing/good-manifests.ts';

test('a good set of manifests breaks no policy', () => {
  assert.deepEqual(review(setOf(goodManifests())), []);
});

test('a Service of one pod of a StatefulSet selects that pod', () => {
  const objects = goodManifests();
  objects.Deployment!.kind = 'StatefulSet';
  objects.Deployment!.spec.replicas = 3;
  objects.Service!.spec.selector['statefulset.kubernetes.io/pod-name'] = 'web-2';
  assert.deepEqual(
    review(setOf(objects)).filter(({ policy }) => policy.startsWith('service-')),
    [],
  );
});

test('every policy has a unique name and a sentence', () => {
  const all = [...POLICIES, ...OPTIONAL_POLICIES];
  const names = all.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, sentence } of all) {
    assert.match(name, /^[a-z]+(-[a-z]+)*$/);
    assert.match(sentence, /^[A-Z].*\.$/);
  }
});

test('every exemption names an existing policy, and has a reason', () => {
  for (const { policy, reason } of EXEMPTIONS) {
    assert.ok(
      POLICIES.some(({ name }) => name === policy),
      policy,
    );
    assert.match(reason, /\w.{20,}\.$/);
  }
});

test('an exemption is for the policy, the objects and the complaint it names', () => {
  const manifest: Manifest = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', namespace: 'n' } };
  const exemptions = [{ policy: 'p', objects: /^Service n\/a$/, complaints: /^x/, reason: 'r' }];
  assert.equal(exemptionOf('p', manifest, 'xy', exemptions), 'r');
  assert.equal(exemptionOf('q', manifest, 'xy', exemptions), undefined);
  assert.equal(exemptionOf('p', manifest, 'yx', exemptions), undefined);
  assert.equal(exemptionOf('p', { ...manifest, kind: 'Secret' }, 'xy', exemptions), undefined);
});
