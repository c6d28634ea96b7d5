import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromCheckout } from '../../config/config.ts';
import { RELEASE, run, type Spec } from './testing.ts';

test('cert-manager and trust-manager are installed from their charts, under restricted', async () => {
  const recording = await run();
  recording.assertChildren('certificates-manager', [
    ['gridlock:components:Namespace', 'certificates-manager-namespace'],
    [RELEASE, 'cert-manager'],
    [RELEASE, 'trust-manager'],
    ['command:local:Command', 'trust-manager-webhook'],
  ]);
  const { values, ...release } = recording.one(RELEASE, 'cert-manager').inputs as { values: Spec };
  assert.deepEqual(release, {
    chart: 'oci://quay.io/jetstack/charts/cert-manager',
    version: 'v1.21.1',
    name: 'cert-manager',
    namespace: 'cert-manager',
    timeout: 600,
    compat: 'true',
  });
  assert.deepEqual(
    [values['crds'], values['enableCertificateOwnerRef'], values['imageRegistry'], values['replicaCount']],
    [{ enabled: true, keep: true }, true, 'quay.io', 1],
  );
  const trust = recording.one(RELEASE, 'trust-manager');
  assert.ok(trust.dependsOn.includes('cert-manager'));
  assert.deepEqual((trust.inputs['values'] as Spec)['defaultPackage'], { enabled: false });
});

test('charts come from a directory, images from a mirror, and nothing that is there is installed', async () => {
  const recording = await run({
    'gridlock:imageMirror': 'mirror.example/images',
    'gridlock:charts': JSON.stringify({
      certManager: { source: './charts/cert-manager' },
      trustManager: { install: false },
    }),
  });
  const { chart, version, values } = recording.one(RELEASE).inputs as {
    chart: string;
    version?: string;
    values: Spec;
  };
  assert.deepEqual(
    [chart, version, values['imageRegistry']],
    [fromCheckout('./charts/cert-manager'), undefined, 'mirror.example/images/quay.io'],
  );
  const none = await run({
    'gridlock:charts': JSON.stringify({ certManager: { install: false }, trustManager: { install: false } }),
  });
  none.assertChildren('certificates-manager', []);
});

test('outside of kind cert-manager has two of everything', async () => {
  const recording = await run({
    'gridlock:cluster': 'existing',
    'gridlock:context': 'there',
    'gridlock:image': 'registry.example/gridlock:1',
  });
  const { values } = recording.one(RELEASE, 'cert-manager').inputs as {
    values: { replicaCount: number; webhook: { replicaCount: number; podDisruptionBudget: object } };
  };
  assert.deepEqual(
    [values.replicaCount, values.webhook.replicaCount, values.webhook.podDisruptionBudget],
    [2, 2, { enabled: true }],
  );
});
