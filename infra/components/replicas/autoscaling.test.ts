import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as kubernetes from '@pulumi/kubernetes';
import { stackConfig } from '../../config/config.ts';
import { MOCK_PEM } from '../../render/provider-answers.ts';
import { record } from '../../render/recorder.ts';
import { Autoscaling, scaling } from './autoscaling.ts';
import { metricsApiDnsNames } from './metrics-api.ts';

const HPA = 'kubernetes:autoscaling/v2:HorizontalPodAutoscaler';
const RELEASE = 'kubernetes:helm.sh/v3:Release';
const API_SERVICE = 'kubernetes:apiregistration.k8s.io/v1:APIService';

const run = (settings: Record<string, string> = {}, preview = false) =>
  record(
    () => {
      const deployment = new kubernetes.apps.v1.Deployment('gridlock', {
        metadata: { name: 'gridlock' },
        spec: { selector: {}, template: {} },
      });
      new Autoscaling('autoscaling', {
        config: stackConfig('dev', settings),
        namespace: 'gridlock',
        replicas: { deployment },
        image: 'gridlock/game:abc',
        certificates: { metricsApiSecret: 'metrics-tls', rootCertificate: MOCK_PEM },
      });
      return {};
    },
    { preview },
  );

test('sockets come first, CPU second; fast up, one by one down', () => {
  const { metrics, behavior, ...bounds } = scaling({ replicas: 3, maxReplicas: 9, socketsPerReplica: 500 });
  assert.deepEqual(bounds, {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'gridlock' },
    minReplicas: 3,
    maxReplicas: 9,
  });
  assert.deepEqual(metrics, [
    {
      type: 'Pods',
      pods: { metric: { name: 'gridlock_sockets' }, target: { type: 'AverageValue', averageValue: '500' } },
    },
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '700m' } } },
  ]);
  const { scaleDown, scaleUp } = behavior as {
    scaleDown: object;
    scaleUp: { stabilizationWindowSeconds: number };
  };
  assert.deepEqual(scaleDown, {
    stabilizationWindowSeconds: 600,
    selectPolicy: 'Min',
    policies: [{ type: 'Pods', value: 1, periodSeconds: 300 }],
  });
  assert.equal(scaleUp.stabilizationWindowSeconds, 0);
});

test('the adapter brings the metrics API and metrics-server, for which the autoscaler waits', async () => {
  const recording = await run();
  recording.assertChildren('autoscaling', [
    [HPA, 'autoscaling'],
    ['gridlock:components:MetricsApi', 'metrics-api'],
    [RELEASE, 'autoscaling-metrics-server'],
  ]);
  const { dependsOn } = recording.one(HPA);
  for (const name of ['gridlock', 'autoscaling-metrics-server']) assert.ok(dependsOn.includes(name), dependsOn.join());
  const values = (recording.one(RELEASE).inputs as { values: { args: string[] } }).values;
  assert.deepEqual(values.args, ['--kubelet-insecure-tls']);
});

test('kubelets are checked where they have real certificates', async () => {
  const recording = await run({
    'gridlock:cluster': 'existing',
    'gridlock:context': 'c',
    'gridlock:imageRepository': 'r.example/g',
  });
  assert.deepEqual((recording.one(RELEASE).inputs as { values: { args: string[] } }).values.args, []);
});

test('a cluster that has metrics-server gets no second one, and one that has all gets the autoscaler alone', async () => {
  const own = await run({ 'gridlock:charts': '{"metricsServer":{"install":false}}' });
  assert.equal(own.all(RELEASE).length, 0);
  assert.equal(own.all(API_SERVICE).length, 2);
  (await run({ 'gridlock:autoscaling': 'existing' })).assertChildren('autoscaling', [[HPA, 'autoscaling']]);
});

test('the metrics API has exactly these children', async () => {
  (await run()).assertChildren('metrics-api', [
    ['kubernetes:core/v1:ServiceAccount', 'metrics-api'],
    ['kubernetes:rbac.authorization.k8s.io/v1:Role', 'metrics-api'],
    ['kubernetes:rbac.authorization.k8s.io/v1:RoleBinding', 'metrics-api'],
    ['kubernetes:rbac.authorization.k8s.io/v1:RoleBinding', 'metrics-api-authentication'],
    ['kubernetes:apps/v1:Deployment', 'metrics-api'],
    ['kubernetes:core/v1:Service', 'metrics-api'],
    ['kubernetes:policy/v1:PodDisruptionBudget', 'metrics-api'],
    [API_SERVICE, 'metrics-api-v1beta2'],
    [API_SERVICE, 'metrics-api-v1beta1'],
  ]);
});

test('it may list pods, and read whom the API server is known by', async () => {
  const recording = await run();
  const { rules } = recording.one('kubernetes:rbac.authorization.k8s.io/v1:Role').inputs as {
    rules: object[];
  };
  assert.deepEqual(rules, [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }]);
  const binding = recording.one('kubernetes:rbac.authorization.k8s.io/v1:RoleBinding', 'metrics-api-authentication');
  assert.deepEqual(binding.inputs.roleRef, {
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'Role',
    name: 'extension-apiserver-authentication-reader',
  });
  assert.equal((binding.inputs.metadata as { namespace: string }).namespace, 'kube-system');
});

test('the API server checks it by our roots, never blindly, and by a name that is in its certificate', async () => {
  const { spec } = (await run()).one(API_SERVICE, 'metrics-api-v1beta2').inputs as {
    spec: { caBundle: string; insecureSkipTLSVerify?: boolean; service: { name: string; namespace: string } };
  };
  assert.equal(Buffer.from(spec.caBundle, 'base64').toString(), MOCK_PEM);
  assert.equal(spec.insecureSkipTLSVerify, undefined);
  assert.ok(metricsApiDnsNames('gridlock').includes(`${spec.service.name}.${spec.service.namespace}.svc`));
});

test('a preview knows all that is to be made, and what the autoscaler is told', async () => {
  const [before, after] = [await run({}, true), await run()];
  const names = ({ registrations }: typeof after) => registrations.map(({ type, name }) => `${type} ${name}`).sort();
  assert.deepEqual(names(before), names(after));
  assert.deepEqual(before.one(HPA).inputs.spec, after.one(HPA).inputs.spec);
});
