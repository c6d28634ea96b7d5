import assert from 'node:assert/strict';
import { test } from 'node:test';
import { record } from '../../render/recorder.ts';
import { CertManager, type CertManagerArgs } from './cert-manager.ts';
import { CHARTS, RELEASE, type Spec } from './testing.ts';

const run = (args: CertManagerArgs = CHARTS) =>
  record(() => {
    new CertManager('certificates-manager', args);
  });

test('cert-manager and trust-manager are installed from their charts, under restricted', async () => {
  const recording = await run();
  recording.assertChildren('certificates-manager', [
    ['gridlock:components:Namespace', 'certificates-manager-namespace'],
    ['gridlock:components:NamespacePolicies', 'certificates-manager-policies'],
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
    [{ enabled: true, keep: true }, true, 'quay.io', 2],
  );
  const trust = recording.one(RELEASE, 'trust-manager');
  assert.ok(trust.dependsOn.includes('cert-manager'));
  assert.deepEqual((trust.inputs['values'] as Spec)['defaultPackage'], { enabled: false });
});

test('the namespace of cert-manager is closed, except to an authority and Prometheus if they are used', async () => {
  const policies = async (args: CertManagerArgs) =>
    JSON.stringify((await run(args)).all('kubernetes:networking.k8s.io/v1:NetworkPolicy').map(({ inputs }) => inputs));
  const usual = await policies(CHARTS);
  assert.match(usual, /"name":"default-deny","namespace":"cert-manager"/);
  assert.doesNotMatch(usual, /"port":80\b|monitoring"}/);
  const open = await policies({ ...CHARTS, acme: true, prometheus: { namespace: 'monitoring' } });
  assert.match(open, /"port":80\b/);
  assert.match(open, /"kubernetes.io\/metadata.name":"monitoring"/);
});

test('charts come from a directory, images from a mirror, and nothing that the cluster has is installed', async () => {
  const recording = await run({ certManager: { chart: '/charts/cert-manager' }, imageMirror: 'mirror.example/images' });
  const { chart, version, values } = recording.one(RELEASE).inputs as {
    chart: string;
    version?: string;
    values: Spec;
  };
  assert.deepEqual(
    [chart, version, values['imageRegistry']],
    ['/charts/cert-manager', undefined, 'mirror.example/images/quay.io'],
  );
  (await run({})).assertChildren('certificates-manager', []);
});

test('there are two pods of each part, or as many as configured', async () => {
  const sizes = async (args: CertManagerArgs) => {
    const { values } = (await run(args)).one(RELEASE, 'cert-manager').inputs as {
      values: { replicaCount: number; webhook: { replicaCount: number; podDisruptionBudget: object } };
    };
    return [values.replicaCount, values.webhook.replicaCount, values.webhook.podDisruptionBudget];
  };
  assert.deepEqual(await sizes(CHARTS), [2, 2, { enabled: true }]);
  assert.deepEqual(await sizes({ ...CHARTS, replicas: 1 }), [1, 1, { enabled: false }]);
});

test('for workload identity on Azure its pods and service account are labelled', async () => {
  const { values } = (await run({ ...CHARTS, azureIdentity: true })).one(RELEASE, 'cert-manager').inputs as {
    values: { podLabels: object; serviceAccount: { labels: object } };
  };
  const labels = { 'azure.workload.identity/use': 'true' };
  assert.deepEqual([values.podLabels, values.serviceAccount.labels], [labels, labels]);
});
