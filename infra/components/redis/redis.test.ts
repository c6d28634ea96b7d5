import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOCK_PEM } from '../../render/provider-answers.ts';
import type { Child } from '../../render/recorder.ts';
import { record } from '../../render/recorder.ts';
import type { OwnRedisArgs } from './own-redis.ts';
import { type RedisConnection, redisDnsNames } from './redis-connection.ts';
import { RedisExternal } from './redis-external.ts';
import { RedisSentinel } from './redis-sentinel.ts';
import { RedisSingle } from './redis-single.ts';
import { REDIS_USERS } from './redis-users.ts';

const certificates = { secret: 'chat-redis-tls', trust: { configMap: 'trust', key: 'roots.pem' } };
const [SERVICE, SET, SECRET, CONFIG_MAP, BUDGET, VOLUME] = [
  'kubernetes:core/v1:Service',
  'kubernetes:apps/v1:StatefulSet',
  'kubernetes:core/v1:Secret',
  'kubernetes:core/v1:ConfigMap',
  'kubernetes:policy/v1:PodDisruptionBudget',
  'kubernetes:core/v1:PersistentVolumeClaimPatch',
];
const PASSWORD = 'random:index/randomPassword:RandomPassword';

const recorded = (make: () => { connection: RedisConnection }, preview = false) =>
  record(
    () => {
      const { ready: _, ...connection } = make().connection;
      return connection;
    },
    { preview },
  );

const TOPOLOGIES = { single: RedisSingle, sentinel: RedisSentinel };
type Topology = keyof typeof TOPOLOGIES;
const topologies = Object.keys(TOPOLOGIES) as Topology[];

const run = (topology: Topology, args: Partial<OwnRedisArgs> = {}, preview = false) =>
  recorded(
    () => new TOPOLOGIES[topology]('redis', { namespace: 'play', cluster: 'chat', certificates, ...args }),
    preview,
  );
const external = (args: { url: string; roots?: string }, preview = false) =>
  recorded(() => new RedisExternal('redis', { namespace: 'play', cluster: 'chat', ...args }), preview);

const variables = (env: unknown) =>
  Object.fromEntries((env as { name: string; value: string }[]).map(({ name, value }) => [name, value]));

interface Pod {
  spec: {
    initContainers: { name: string; restartPolicy: string; env: { name: string; value: string }[] }[];
    containers: Record<string, unknown>[];
    volumes: { name: string }[];
    serviceAccountName: string;
  };
  metadata: { annotations: Record<string, string> };
}
interface SetSpec {
  serviceName: string;
  replicas: number;
  selector: object;
  template: Pod;
  podManagementPolicy?: string;
}
const setOf = (recording: Awaited<ReturnType<typeof run>>) => recording.one(SET).inputs as { spec: SetSpec };

const COMMON: Child[] = [
  ...REDIS_USERS.map((user): Child => [PASSWORD, `redis-${user}`]),
  [SECRET, 'redis-files'],
  [SECRET, 'redis-password'],
  [CONFIG_MAP, 'redis-config'],
  [CONFIG_MAP, 'redis-scripts'],
  ['kubernetes:core/v1:ServiceAccount', 'redis'],
  [SERVICE, 'redis-headless'],
  [BUDGET, 'redis'],
  [SET, 'redis'],
  [VOLUME, 'redis-0-volume'],
];

test('a single Redis has exactly these children', async () => {
  const recording = await run('single');
  recording.assertChildren('redis', [...COMMON, [SERVICE, 'redis']]);
  const { spec } = setOf(recording);
  assert.deepEqual([spec.serviceName, spec.replicas], ['chat-redis-headless', 1]);
  assert.deepEqual(
    spec.template.spec.initContainers.map(({ name, restartPolicy }) => [name, restartPolicy]),
    [['certificates', 'Always']],
  );
});

test('a server gets settings for TLS, its own user, and files for password and roots', async () => {
  const { outputs } = await run('single');
  assert.deepEqual(variables(outputs.env), {
    REDIS_URL: 'rediss://chat-redis.play.svc:6379',
    REDIS_USERNAME: 'gridlock',
    REDIS_PASSWORD_FILE: '/etc/gridlock/redis/password',
    REDIS_TLS: 'true',
    REDIS_CA_FILE: '/etc/gridlock/redis-trust/roots.pem',
  });
});

test('with Sentinel there are three, each with its own address', async () => {
  const recording = await run('sentinel');
  recording.assertChildren('redis', [
    ...COMMON,
    ['random:index/randomString:RandomString', 'redis-set'],
    [SERVICE, 'redis-0'],
    [SERVICE, 'redis-1'],
    [SERVICE, 'redis-2'],
    [VOLUME, 'redis-1-volume'],
    [VOLUME, 'redis-2-volume'],
  ]);
  const { spec } = setOf(recording);
  assert.deepEqual([spec.replicas, spec.podManagementPolicy], [3, 'Parallel']);
  assert.deepEqual(
    spec.template.spec.initContainers.map(({ name }) => name),
    ['sentinel', 'certificates'],
  );
  const [redis] = spec.template.spec.containers;
  assert.deepEqual(redis?.lifecycle, {
    preStop: { exec: { command: ['sh', '/etc/gridlock/scripts/hand-over.sh'] } },
  });
  const member = recording.one(SERVICE, 'redis-1').inputs as {
    spec: { selector: object; publishNotReadyAddresses: boolean };
  };
  assert.equal((member.spec.selector as Record<string, string>)['statefulset.kubernetes.io/pod-name'], 'chat-redis-1');
  assert.equal(member.spec.publishNotReadyAddresses, true);
});

test('a server finds the primary by the sentinels, whose names are in the certificate', async () => {
  const { outputs } = await run('sentinel');
  const env = variables(outputs.env);
  assert.equal(env.REDIS_MASTER_NAME, 'gridlock');
  const hosts = env.REDIS_SENTINELS!.split(',').map((address) => address.replace(':26379', ''));
  assert.equal(hosts.length, 3);
  for (const host of [...hosts, 'chat-redis.play.svc', 'localhost'])
    assert.ok(redisDnsNames('chat', 'play').includes(host), host);
});

test('a change of topology updates the StatefulSet, because every difference can be changed in place', async () => {
  const fixed = async (topology: Topology) => {
    const { urn, inputs } = (await run(topology)).one(SET);
    const { serviceName, podManagementPolicy, selector } = (inputs as unknown as { spec: SetSpec }).spec;
    return { urn, metadata: inputs['metadata'], serviceName, podManagementPolicy, selector };
  };
  assert.deepEqual(await fixed('single'), await fixed('sentinel'));
});

test('every object of one topology that the other has too is the same resource', async () => {
  const named = async (topology: Topology) => {
    const { registrations } = await run(topology);
    return registrations.flatMap(({ type, urn, inputs }) => {
      const { name } = (inputs['metadata'] ?? {}) as { name?: string };
      return name === undefined ? [] : [[`${type} ${name}`, urn] as const];
    });
  };
  const single = new Map(await named('single'));
  for (const [object, urn] of await named('sentinel')) assert.equal(single.get(object) ?? urn, urn, object);
});

test('a single pod is never evicted, and of three pods one at a time', async () => {
  for (const [topology, maxUnavailable] of [
    ['single', 0],
    ['sentinel', 1],
  ] as const) {
    const { spec } = (await run(topology)).one(BUDGET).inputs as { spec: object };
    assert.deepEqual(spec, {
      maxUnavailable,
      selector: { matchLabels: { 'app.kubernetes.io/name': 'redis', 'app.kubernetes.io/instance': 'chat' } },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    });
  }
});

test('a volume grows by itself, without a change of the StatefulSet, and stays when it is no longer managed', async () => {
  const recording = await run('single', { storage: '5Gi' });
  const volume = recording.one(VOLUME);
  assert.deepEqual(
    [(volume.inputs['metadata'] as { name: string }).name, volume.inputs['spec'] as object],
    ['data-chat-redis-0', { resources: { requests: { storage: '5Gi' } } }],
  );
  const { annotations } = volume.inputs['metadata'] as { annotations: object };
  assert.deepEqual(annotations, { 'pulumi.com/patchForce': 'true', 'pulumi.com/skipAwait': 'true' });
  assert.equal(volume.options.retainOnDelete, true);
  assert.ok(volume.dependsOn.includes('redis'));
  assert.deepEqual(recording.one(SET).options.ignoreChanges, ['spec.volumeClaimTemplates']);
});

test('protection is off by default', async () => {
  assert.equal((await run('single')).one(SET).options.protect, undefined);
  assert.equal((await run('single', { protect: true })).one(SET).options.protect, true);
});

test('an external Redis is a Secret with the password, and roots where they are private', async () => {
  const recording = await external({ url: 'rediss://u:hush@cache.example:6390', roots: MOCK_PEM });
  recording.assertChildren('redis', [
    [SECRET, 'redis-password'],
    [CONFIG_MAP, 'redis-trust'],
  ]);
  assert.deepEqual(recording.one(SECRET).secrets, ['stringData']);
  assert.deepEqual(recording.outputs.ports, [6390]);
  assert.equal(variables(recording.outputs.env).REDIS_CA_FILE, '/etc/gridlock/redis-trust/roots.pem');
});

test('in a preview an external Redis is known as a whole', async () => {
  const recording = await external({ url: 'rediss://u:hush@cache.example' }, true);
  recording.assertChildren('redis', [[SECRET, 'redis-password']]);
  assert.equal(variables(recording.outputs.env).REDIS_URL, 'rediss://cache.example:6379');
});

for (const topology of topologies) {
  test(`no password is outside a Secret (${topology})`, async () => {
    const { registrations } = await run(topology);
    assert.equal(registrations.filter(({ type }) => type === PASSWORD).length, REDIS_USERS.length);
    for (const { type, secrets } of registrations) {
      if (type === SECRET) assert.deepEqual(secrets, ['stringData']);
      else assert.deepEqual(secrets, []);
    }
  });

  test(`in a preview, where passwords are unknown, the pods are known (${topology})`, async () => {
    const recording = await run(topology, {}, true);
    const { spec } = setOf(recording);
    assert.equal(spec.template.metadata.annotations['checksum/config']?.length, 16);
    assert.equal(spec.template.spec.containers.length, 1);
  });
}
