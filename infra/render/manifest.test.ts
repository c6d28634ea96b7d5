import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { manifestsOf, sorted, toYaml } from './manifest.ts';
import type { Registration } from './registration.ts';

const registration = (kind: string, name: string, more: Partial<Registration> = {}): Registration => ({
  type: `kubernetes:core/v1:${kind}`,
  name,
  inputs: { kind, apiVersion: 'v1', metadata: { name, namespace: 'gridlock' } },
  secrets: [],
  parent: undefined,
  provider: undefined,
  custom: true,
  dependsOn: [],
  options: {},
  read: false,
  urn: `urn:${name}`,
  ...more,
});

test('kinds that others refer to come first, then kinds and names by the alphabet', () => {
  const all = [
    registration('Service', 'b'),
    registration('Deployment', 'game'),
    registration('Secret', 'token'),
    registration('Service', 'a'),
    registration('Namespace', 'gridlock'),
  ];
  const names = (registrations: Registration[]) =>
    manifestsOf(registrations).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const expected = ['Namespace gridlock', 'Secret token', 'Service a', 'Service b', 'Deployment game'];
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
      assert.deepEqual(names(shuffled), expected);
    }),
  );
});

test('a resource that is only read, a chart, a component and a provider are not manifests', () => {
  const none = [
    registration('Secret', 'read', { read: true }),
    registration('Release', 'chart', { type: 'kubernetes:helm.sh/v3:Release', inputs: { chart: 'a' } }),
    registration('Game', 'game', { custom: false }),
    registration('Provider', 'provider', { type: 'pulumi:providers:kubernetes', inputs: {} }),
  ];
  assert.deepEqual(manifestsOf(none), []);
});

test('keys have one order, in which a reader finds kind and name first', () => {
  const object = {
    spec: { b: 1, a: [{ value: 1, name: 'x' }] },
    metadata: { labels: {}, name: 'n' },
    kind: 'K',
    apiVersion: 'v1',
  };
  assert.equal(
    JSON.stringify(sorted(object)),
    '{"apiVersion":"v1","kind":"K","metadata":{"name":"n","labels":{}},"spec":{"a":[{"name":"x","value":1}],"b":1}}',
  );
});

test('the same object twice is written twice, without references between them', () => {
  const labels = { app: 'game' };
  assert.equal(toYaml([{ a: labels, b: labels }]), '---\na:\n  app: game\nb:\n  app: game\n');
});
