import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { stackConfig } from '../config.ts';
import { record } from '../testing/recorder.ts';
import { NetworkPolicies } from './network-policies.ts';

const POLICY = 'kubernetes:networking.k8s.io/v1:NetworkPolicy';

const run = (values: Record<string, string> = {}, preview = false) =>
  record(
    () => {
      const config = stackConfig('dev', values);
      const namespace = pulumi.output('gridlock');
      new NetworkPolicies('network-policies', { config, namespace, redis: { ports: [6379] } });
      return {};
    },
    { preview },
  );

for (const preview of [true, false]) {
  test(`the game's namespace has a policy for each of its parts (preview: ${preview})`, async () => {
    const recording = await run({ 'gridlock:ingress': 'haproxy' }, preview);
    const names = ['default-deny', 'allow-dns', 'game', 'redis', 'metrics-api', 'edge'];
    recording.assertChildren(
      'network-policies',
      names.map((name) => [POLICY, `network-policies-${name}`] as const),
    );
    for (const { inputs } of recording.all(POLICY)) {
      assert.equal((inputs.metadata as { namespace: string }).namespace, 'gridlock');
    }
    assert.deepEqual(recording.one(POLICY, 'network-policies-default-deny').inputs.spec, {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
  });
}

test('what is not there has no policy', async () => {
  const recording = await run({
    'gridlock:autoscaling': 'none',
    'gridlock:redis': 'external',
    'gridlock:redisUrl': 'redis://cache.example',
  });
  const names = recording.all(POLICY).map(({ name }) => name.replace('network-policies-', ''));
  assert.deepEqual(names.sort(), ['allow-dns', 'default-deny', 'game']);
});
