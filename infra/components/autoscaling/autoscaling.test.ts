import assert from 'node:assert/strict';
import { test } from 'node:test';
import { record } from '../../render/recorder.ts';
import { Autoscaling, type AutoscalingArgs } from './autoscaling.ts';
import { kedaValues } from './keda.ts';
import { controllerSessions, haproxySessions } from './socket-gauge.ts';

const SCALED_OBJECT = 'kubernetes:keda.sh/v1alpha1:ScaledObject';
const RELEASE = 'kubernetes:helm.sh/v3:Release';
const SERVICE = 'kubernetes:core/v1:Service';

const args: AutoscalingArgs = {
  namespace: 'apps',
  deployment: 'chat',
  min: 2,
  max: 12,
  socketsPerReplica: 1500,
  gauge: {
    toldBy: 'replicas',
    pods: { 'app.kubernetes.io/name': 'server', 'app.kubernetes.io/instance': 'chat' },
    port: { name: 'metrics', number: 9100 },
    path: '/numbers',
    metric: 'open_sockets',
  },
};

const run = (changes: Partial<AutoscalingArgs> = {}, preview = false) =>
  record(
    () => {
      new Autoscaling('chat', { ...args, ...changes });
      return {};
    },
    { preview },
  );

interface Inputs {
  metadata: { name: string; namespace: string };
  spec: {
    scaleTargetRef: { name: string };
    triggers: { metadata: { url: string; valueLocation: string } }[];
    clusterIP: string;
    selector: object;
    ports: object[];
  };
}

test('a cluster that has KEDA gets the scaled object, and a service by which KEDA finds the pods', async () => {
  const recording = await run();
  recording.assertChildren('chat', [
    [SERVICE, 'chat-sockets'],
    [SCALED_OBJECT, 'chat'],
  ]);
  const { metadata, spec } = recording.one(SERVICE).inputs as unknown as Inputs;
  assert.deepEqual([metadata.name, metadata.namespace], ['chat-sockets', 'apps']);
  assert.equal(spec.clusterIP, 'None');
  assert.deepEqual(spec.selector, args.gauge.pods);
  assert.deepEqual(spec.ports, [{ name: 'metrics', port: 9100, targetPort: 'metrics' }]);
});

test('KEDA gets the namespace in a form that it understands: with a port, the name needs a third part', async () => {
  const { spec } = (await run()).one(SCALED_OBJECT).inputs as unknown as Inputs;
  assert.equal(spec.scaleTargetRef.name, 'chat');
  assert.equal(spec.triggers[0]?.metadata.url, 'http://chat-sockets.apps.svc:9100/numbers');
});

test('pods of an edge in another namespace are found there', async () => {
  const service = { namespace: 'apps', name: 'chat', port: 'http' };
  const port = { name: 'stat', number: 1024 };
  const gauge = controllerSessions({ namespace: 'ingress', pods: { of: 'edge' }, port, service });
  const recording = await run({ gauge });
  const { metadata, spec } = recording.one(SERVICE).inputs as unknown as Inputs;
  assert.equal(metadata.namespace, 'ingress');
  assert.deepEqual(spec.ports, [{ name: 'stat', port: 1024, targetPort: 'stat' }]);
  const scaled = recording.one(SCALED_OBJECT).inputs as unknown as Inputs;
  const { valueLocation } = scaled.spec.triggers[0]!.metadata;
  assert.equal(valueLocation, 'haproxy_backend_current_sessions{proxy="apps_svc_chat_http"}');
  assert.equal(scaled.metadata.namespace, 'apps', 'the object is where the Deployment is');
  assert.match(scaled.spec.triggers[0]!.metadata.url, /^http:\/\/chat-sockets\.ingress\.svc:1024\/metrics$/);
});

test('a plain edge reports the sessions of its one backend', () => {
  const { toldBy, metric } = haproxySessions({ pods: {}, port: { name: 'metrics', number: 8404 } });
  assert.deepEqual([toldBy, metric], ['edge', 'haproxy_backend_current_sessions{proxy="replicas"}']);
});

test('KEDA and metrics-server come first, KEDA in its own namespace', async () => {
  const recording = await run({
    keda: { chart: { chart: 'keda', version: '2.20.2' }, replicas: 1 },
    metricsServer: { chart: { chart: 'metrics-server' }, anyKubelet: true },
  });
  const { dependsOn } = recording.one(SCALED_OBJECT);
  for (const { name } of recording.all(RELEASE)) assert.ok(dependsOn.includes(name), `${name} of ${dependsOn}`);
  assert.equal(recording.one(RELEASE, 'keda').inputs['namespace'], 'keda');
  const { values } = recording.one(RELEASE, 'metrics-server').inputs as { values: { args: string[] } };
  assert.deepEqual(values.args, ['--kubelet-insecure-tls']);
});

test('certificates of kubelets are checked by default', async () => {
  const recording = await run({ metricsServer: { chart: { chart: 'metrics-server' } } });
  assert.deepEqual((recording.one(RELEASE).inputs['values'] as { args: string[] }).args, []);
});

interface Values {
  global?: { image: { registry: string } };
  rbac: { enabledCustomScaledRefKinds: boolean };
  permissions: Record<string, { restrict: { secret: boolean } }>;
  podDisruptionBudget: Record<string, object>;
}

test('KEDA may read only its own Secret, and nothing that it does not scale', () => {
  const { rbac, permissions } = kedaValues({}) as unknown as Values;
  assert.equal(rbac.enabledCustomScaledRefKinds, false);
  assert.deepEqual(
    Object.values(permissions).map(({ restrict }) => restrict.secret),
    [true, true],
  );
});

test('KEDA comes from the mirror if there is one, and survives a drain if it has two pods', () => {
  const { global, podDisruptionBudget } = kedaValues({ imageMirror: 'mirror.example/images' }) as unknown as Values;
  assert.equal(global?.image.registry, 'mirror.example/images/ghcr.io');
  assert.deepEqual(podDisruptionBudget['operator'], { maxUnavailable: 1 });
  const one = kedaValues({ replicas: 1 }) as unknown as Values;
  assert.deepEqual([one.global, one.podDisruptionBudget['operator']], [undefined, {}]);
});

test('a preview knows all objects, and the settings of KEDA', async () => {
  const all = { keda: { chart: { chart: 'keda' } } };
  const [before, after] = [await run(all, true), await run(all)];
  const names = ({ registrations }: typeof after) => registrations.map(({ type, name }) => `${type} ${name}`).sort();
  assert.deepEqual(names(before), names(after));
  assert.deepEqual(before.one(SCALED_OBJECT).inputs, after.one(SCALED_OBJECT).inputs);
});
