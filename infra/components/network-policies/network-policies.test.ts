import assert from 'node:assert/strict';
import { test } from 'node:test';
import { record } from '../../render/recorder.ts';
import { kedaRules } from './chart-rules.ts';
import { NamespacePolicies, NetworkPolicies } from './network-policies.ts';

const POLICY = 'kubernetes:networking.k8s.io/v1:NetworkPolicy';

for (const preview of [true, false]) {
  test(`a cluster has a policy for each of its parts (preview: ${preview})`, async () => {
    const recording = await record(
      () => {
        new NetworkPolicies('chat', {
          namespace: 'apps',
          server: { port: 8080 },
          edge: { place: { namespace: 'apps-chat-edge' } },
          redis: { kind: 'single', ports: [6379] },
        });
        return {};
      },
      { preview },
    );
    const names = ['chat-default-deny', 'chat-allow-dns', 'chat', 'chat-redis'];
    recording.assertChildren(
      'chat',
      names.map((name) => [POLICY, `chat-${name}`] as const),
    );
    for (const { inputs } of recording.all(POLICY)) {
      const { name, namespace, labels } = inputs['metadata'] as {
        name: string;
        namespace: string;
        labels: Record<string, string>;
      };
      assert.ok(names.includes(name), name);
      assert.equal(namespace, 'apps');
      assert.equal(labels['app.kubernetes.io/instance'], 'chat');
    }
  });
}

test('the namespace of a chart has the policies that the chart needs', async () => {
  const specs = kedaRules({});
  const recording = await record(() => {
    new NamespacePolicies('keda', { namespace: 'keda', specs });
    return {};
  });
  recording.assertChildren(
    'keda',
    Object.keys(specs).map((name) => [POLICY, `keda-${name}`] as const),
  );
});
