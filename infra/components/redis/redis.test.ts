import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { CHECKOUT, stackConfig } from '../../config/config.ts';
import { createRedis } from '../../program/parts.ts';
import { MOCK_PEM } from '../../render/provider-answers.ts';
import type { Child } from '../../render/recorder.ts';
import { record } from '../../render/recorder.ts';
import { redisDnsNames } from './redis-connection.ts';

const certificates = { redisSecret: 'redis-tls', trust: { configMap: 'trust', key: 'roots.pem' } };
const [SERVICE, SET, SECRET, CONFIG_MAP] = [
  'kubernetes:core/v1:Service',
  'kubernetes:apps/v1:StatefulSet',
  'kubernetes:core/v1:Secret',
  'kubernetes:core/v1:ConfigMap',
];
const password = (user: string): Child => ['random:index/randomPassword:RandomPassword', `redis-${user}`];

const run = (settings: Record<string, string>, preview = false) =>
  record(
    () => {
      const connection = createRedis(stackConfig('dev', settings), { namespace: 'gridlock', certificates });
      const { ready: _, ...rest } = connection;
      return rest;
    },
    { preview },
  );
const variables = (env: unknown) =>
  Object.fromEntries((env as { name: string; value: string }[]).map(({ name, value }) => [name, value]));

interface Pod {
  spec: {
    initContainers: { name: string; restartPolicy: string }[];
    containers: Record<string, unknown>[];
    volumes: { name: string }[];
    serviceAccountName: string;
  };
  metadata: { annotations: Record<string, string> };
}
interface SetSpec {
  serviceName: string;
  replicas: number;
  template: Pod;
  podManagementPolicy?: string;
}

const COMMON: Child[] = [
  password('gridlock'),
  password('probe'),
  password('keeper'),
  [SECRET, 'redis-files'],
  [SECRET, 'redis-password'],
  [CONFIG_MAP, 'redis-config'],
  [CONFIG_MAP, 'redis-scripts'],
  ['kubernetes:core/v1:ServiceAccount', 'redis'],
  [SERVICE, 'redis'],
  [SET, 'redis'],
];

test('a single Redis has exactly these children', async () => {
  const recording = await run({});
  recording.assertChildren('redis', [...COMMON, [SERVICE, 'redis-headless']]);
  const { spec } = recording.one(SET).inputs as { spec: SetSpec };
  assert.deepEqual([spec.serviceName, spec.replicas], ['redis-headless', 1]);
  assert.deepEqual(
    spec.template.spec.initContainers.map(({ name, restartPolicy }) => [name, restartPolicy]),
    [['certificates', 'Always']],
  );
});

test('a replica is told to come by TLS, as its own user, with files for password and roots', async () => {
  const { outputs } = await run({});
  assert.deepEqual(variables(outputs.env), {
    REDIS_URL: 'rediss://redis.gridlock.svc:6379',
    REDIS_USERNAME: 'gridlock',
    REDIS_PASSWORD_FILE: '/etc/gridlock/redis/password',
    REDIS_TLS: 'true',
    REDIS_CA_FILE: '/etc/gridlock/redis-trust/roots.pem',
  });
});

test('with Sentinel there are three, each with its own address, and a budget', async () => {
  const recording = await run({ 'gridlock:redis': 'sentinel' });
  recording.assertChildren('redis', [
    ...COMMON,
    password('replication'),
    password('sentinel'),
    [SERVICE, 'redis-0'],
    [SERVICE, 'redis-1'],
    [SERVICE, 'redis-2'],
    ['kubernetes:policy/v1:PodDisruptionBudget', 'redis'],
  ]);
  const { spec } = recording.one(SET).inputs as { spec: SetSpec };
  assert.deepEqual([spec.serviceName, spec.replicas, spec.podManagementPolicy], ['redis', 3, 'Parallel']);
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
  assert.equal((member.spec.selector as Record<string, string>)['statefulset.kubernetes.io/pod-name'], 'redis-1');
  assert.equal(member.spec.publishNotReadyAddresses, true);
});

test('a replica finds the primary by the sentinels, whose names are in the certificate', async () => {
  const { outputs } = await run({ 'gridlock:redis': 'sentinel' });
  const env = variables(outputs.env);
  assert.equal(env.REDIS_MASTER_NAME, 'gridlock');
  const hosts = env.REDIS_SENTINELS!.split(',').map((address) => address.replace(':26379', ''));
  assert.equal(hosts.length, 3);
  for (const host of [...hosts, 'redis.gridlock.svc', 'localhost'])
    assert.ok(redisDnsNames('gridlock').includes(host), host);
});

test('an external Redis is a Secret with the password, and roots where they are private', async (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'gridlock-ca-'));
  const home = process.cwd();
  process.chdir(directory);
  t.after(() => {
    process.chdir(home);
    rmSync(directory, { recursive: true });
  });
  const file = path.join(directory, 'ca.pem');
  writeFileSync(file, MOCK_PEM);
  const recording = await run({
    'gridlock:redis': 'external',
    'gridlock:redisUrl': 'rediss://u:hush@cache.example:6390',
    // Paths start at the checkout: the engine runs the program elsewhere.
    'gridlock:redisCaFile': path.relative(CHECKOUT, file),
  });
  recording.assertChildren('redis', [
    [SECRET, 'redis'],
    [CONFIG_MAP, 'redis-trust'],
  ]);
  assert.deepEqual(recording.one(SECRET).secrets, ['stringData']);
  assert.deepEqual(recording.outputs.ports, [6390]);
  assert.equal(variables(recording.outputs.env).REDIS_CA_FILE, '/etc/gridlock/redis-trust/roots.pem');
});

test('in a preview an external Redis is known as a whole', async () => {
  const settings = { 'gridlock:redis': 'external', 'gridlock:redisUrl': 'rediss://u:hush@cache.example' };
  const recording = await run(settings, true);
  recording.assertChildren('redis', [[SECRET, 'redis']]);
  assert.equal(variables(recording.outputs.env).REDIS_URL, 'rediss://cache.example:6379');
});

for (const topology of ['single', 'sentinel']) {
  test(`no password is outside of a Secret (${topology})`, async () => {
    const { registrations } = await run({ 'gridlock:redis': topology });
    const passwords = registrations.filter(({ type }) => type === 'random:index/randomPassword:RandomPassword');
    assert.ok(passwords.length >= 3);
    for (const { type, secrets } of registrations) {
      if (type === SECRET) assert.deepEqual(secrets, ['stringData']);
      else assert.deepEqual(secrets, []);
    }
  });

  test(`in a preview, where passwords are unknown, the pods are known (${topology})`, async () => {
    const recording = await run({ 'gridlock:redis': topology }, true);
    const { spec } = recording.one(SET).inputs as { spec: SetSpec };
    assert.equal(spec.template.metadata.annotations['checksum/config']?.length, 16);
    assert.equal(spec.template.spec.containers.length, 1);
  });
}
