import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { DEPLOYMENT, deploymentOf, REDIS, runChat, SECRET, SERVICE } from './testing.ts';

test('replicas have exactly these children, each named after the cluster', async () => {
  const recording = await runChat();
  recording.assertChildren('chat', [
    ['kubernetes:core/v1:ServiceAccount', 'chat'],
    [DEPLOYMENT, 'chat'],
    [SERVICE, 'chat'],
    [SERVICE, 'chat-headless'],
    ['kubernetes:policy/v1:PodDisruptionBudget', 'chat'],
  ]);
  for (const { name, inputs } of recording.registrations.filter(({ custom }) => custom)) {
    const { metadata } = inputs as { metadata: { name: string; namespace: string; labels: Record<string, string> } };
    assert.deepEqual([metadata.name, metadata.namespace], [name, 'apps']);
    assert.equal(metadata.labels['app.kubernetes.io/instance'], 'chat');
  }
});

test('as a part of a cluster they have its name', async () => {
  const { metadata, spec } = await deploymentOf({ cluster: 'shop' });
  assert.equal(metadata.name, 'shop');
  assert.equal(spec.template.metadata.labels['app.kubernetes.io/instance'], 'shop');
  assert.equal(spec.template.spec.serviceAccountName, 'shop');
});

test('their number is the configured one, and an autoscaler changes it from then on', async () => {
  const fixed = (await runChat({ replicas: 5 })).one(DEPLOYMENT);
  const scaled = (await runChat({ replicas: 5, scaled: true, maxReplicas: 9 })).one(DEPLOYMENT);
  for (const { inputs } of [fixed, scaled]) assert.equal((inputs['spec'] as { replicas: number }).replicas, 5);
  assert.equal(fixed.options['ignoreChanges'], undefined);
  assert.deepEqual(scaled.options['ignoreChanges'], ['spec.replicas']);
});

test('without an autoscaler, the Deployment takes over the number from an earlier autoscaler', async () => {
  const force = 'pulumi.com/patchForce';
  assert.equal((await deploymentOf()).metadata.annotations?.[force], 'true');
  assert.equal((await deploymentOf({ scaled: true })).metadata.annotations?.[force], undefined);
});

test('a rollout never has fewer replicas than before, and the budget lets one go', async () => {
  assert.deepEqual((await deploymentOf()).spec.strategy, {
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
  });
  const { spec } = (await runChat()).one('kubernetes:policy/v1:PodDisruptionBudget').inputs as {
    spec: Record<string, unknown>;
  };
  assert.deepEqual([spec['maxUnavailable'], spec['unhealthyPodEvictionPolicy']], [1, 'AlwaysAllow']);
});

test('the engine waits long enough for the largest number of replicas', async () => {
  const patience = async (changes: Parameters<typeof runChat>[0]) => {
    const { options } = (await runChat(changes)).one(DEPLOYMENT);
    return Number.parseInt((options['customTimeouts'] as { update: string }).update, 10);
  };
  assert.ok((await patience({ scaled: true, maxReplicas: 12 })) > (await patience({})));
  assert.ok((await patience({ drain: { seconds: 60 } })) > (await patience({})));
});

test('only the headless Service shows a port that is not for clients', async () => {
  const recording = await runChat({ readiness: { path: '/readyz', port: 9090 } });
  const ports = (name: string) =>
    (recording.one(SERVICE, name).inputs as { spec: { ports: object[] } }).spec.ports.map((port) =>
      Object.values(port),
    );
  assert.deepEqual(ports('chat'), [['http', 8080, 'http']]);
  assert.deepEqual(ports('chat-headless'), [
    ['http', 8080, 'http'],
    ['internal', 9090, 'internal'],
  ]);
});

test('an edge that checks readiness gets the port', async () => {
  assert.deepEqual((await runChat()).outputs.checkPort, { name: 'http', number: 8080 });
  const ready = await runChat({ readiness: { path: '/readyz', port: 9090 } });
  assert.deepEqual(ready.outputs.checkPort, { name: 'internal', number: 9090 });
});

test('secret variables are in a Secret, and a new one replaces the pods', async () => {
  const secretEnvironment = { SESSION_KEY: pulumi.output('hush') };
  const recording = await runChat({ secretEnvironment });
  const { inputs, secrets } = recording.one(SECRET);
  assert.deepEqual(inputs['stringData'], { SESSION_KEY: 'hush' });
  assert.deepEqual(secrets, ['stringData']);
  const { spec } = recording.one(DEPLOYMENT).inputs as { spec: { template: object } };
  const text = JSON.stringify(spec);
  assert.ok(!text.includes('hush'));
  assert.match(
    text,
    /"secretKeyRef":\{"key":"SESSION_KEY","name":"chat-environment"\}|"secretKeyRef":\{"name":"chat-environment","key":"SESSION_KEY"\}/,
  );
  const other = await deploymentOf({ secretEnvironment: { SESSION_KEY: 'other' } });
  assert.notDeepEqual(other.spec.template, spec.template);
});

test('replicas start after Redis, and are replaced when its password is', async () => {
  const recording = await runChat({ redis: REDIS });
  const { spec } = recording.one(DEPLOYMENT).inputs as { spec: object };
  assert.notDeepEqual((await deploymentOf({ redis: { ...REDIS, checksum: 'other' } })).spec, spec);
  assert.deepEqual((await deploymentOf({ redis: { ...REDIS } })).spec, spec);
});

test('annotations lead a collector to the metrics, if there are any', async () => {
  const annotations = async (changes: Parameters<typeof deploymentOf>[0]) =>
    (await deploymentOf(changes)).spec.template.metadata.annotations;
  assert.deepEqual(await annotations({}), {});
  assert.deepEqual(await annotations({ metrics: { path: '/numbers' }, pod: { annotations: { team: 'chat' } } }), {
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': '8080',
    'prometheus.io/path': '/numbers',
    team: 'chat',
  });
});
