import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { stackConfig } from '../../config/config.ts';
import { createRedis } from '../../program/parts.ts';
import { record } from '../../render/recorder.ts';
import { UNKNOWN } from '../../render/registration.ts';
import { Game } from './game.ts';

const [DEPLOYMENT, SERVICE, SECRET] = [
  'kubernetes:apps/v1:Deployment',
  'kubernetes:core/v1:Service',
  'kubernetes:core/v1:Secret',
];
const certificates = { secret: 'redis-tls', trust: { configMap: 'trust', key: 'roots.pem' } };

const run = (settings: Record<string, string> = {}, { token = 'x'.repeat(48), preview = false } = {}) => {
  const config = stackConfig('dev', settings);
  return record(
    () => {
      const redis = createRedis(config, { namespace: 'gridlock', certificates });
      new Game('game', {
        config,
        namespace: 'gridlock',
        image: 'gridlock/game:abc',
        redis,
        trust: certificates.trust,
        tokenSecret: token,
        origins: ['https://localhost:8443', 'https://play.example'],
      });
      return {};
    },
    { preview },
  );
};

interface Container {
  env: { name: string; value?: string; valueFrom?: object }[];
  lifecycle: object;
  resources: { limits: object; requests: object };
  securityContext: Record<string, unknown>;
  volumeMounts: { mountPath: string; readOnly: boolean }[];
  ports: object[];
  [probe: string]: unknown;
}
interface DeploymentSpec {
  replicas?: number;
  strategy: object;
  minReadySeconds: number;
  template: {
    metadata: { annotations: Record<string, string> };
    spec: { containers: [Container]; [key: string]: unknown };
  };
}
const specOf = async (settings?: Record<string, string>, options?: { token?: string; preview?: boolean }) =>
  ((await run(settings, options)).one(DEPLOYMENT).inputs as { spec: DeploymentSpec }).spec;

test('the game has exactly these children', async () => {
  (await run()).assertChildren('game', [
    [SECRET, 'game-token'],
    ['kubernetes:core/v1:ServiceAccount', 'game'],
    [DEPLOYMENT, 'game'],
    [SERVICE, 'game'],
    [SERVICE, 'game-headless'],
    ['kubernetes:policy/v1:PodDisruptionBudget', 'game'],
  ]);
});

test('the autoscaler owns the number of replicas where there is one', async () => {
  assert.equal('replicas' in (await specOf()), false);
  assert.equal('replicas' in (await specOf({ 'gridlock:autoscaling': 'existing' })), false);
  assert.equal((await specOf({ 'gridlock:autoscaling': 'none', 'gridlock:replicas': '5' })).replicas, 5);
});

test('a rollout never has fewer replicas than before, and the budget lets one go', async () => {
  const spec = await specOf();
  assert.deepEqual(spec.strategy, {
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
  });
  const budget = (await run()).one('kubernetes:policy/v1:PodDisruptionBudget', 'game').inputs as {
    spec: Record<string, unknown>;
  };
  assert.equal(budget.spec.maxUnavailable, 1);
  assert.equal(budget.spec.unhealthyPodEvictionPolicy, 'AlwaysAllow');
});

test('its probes are three, differ, and no restart depends on Redis', async () => {
  const [container] = (await specOf()).template.spec.containers;
  const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((name) => container[name]);
  assert.equal(new Set(probes.map((probe) => JSON.stringify(probe))).size, 3);
  assert.deepEqual((container.livenessProbe as { httpGet: object }).httpGet, {
    path: '/healthz',
    port: 'internal',
  });
  assert.deepEqual((container.readinessProbe as { httpGet: object }).httpGet, {
    path: '/readyz',
    port: 'internal',
  });
});

test('it waits before SIGTERM without a shell, and has the time of the drain', async () => {
  const { template } = await specOf({ 'gridlock:drainMs': '60000' });
  assert.deepEqual(template.spec.containers[0].lifecycle, { preStop: { sleep: { seconds: 10 } } });
  assert.equal(template.spec.terminationGracePeriodSeconds, 80);
});

test('it can do nothing it need not', async () => {
  const { spec } = (await specOf()).template;
  const [container] = spec.containers;
  assert.deepEqual(
    [spec.serviceAccountName, spec.automountServiceAccountToken, spec.enableServiceLinks],
    ['game', false, false],
  );
  assert.deepEqual(spec.securityContext, {
    runAsNonRoot: true,
    runAsUser: 10_001,
    runAsGroup: 10_001,
    fsGroup: 10_001,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  });
  assert.equal(container.securityContext.readOnlyRootFilesystem, true);
  assert.equal(container.securityContext.allowPrivilegeEscalation, false);
  assert.deepEqual(container.securityContext.capabilities, { drop: ['ALL'] });
  for (const size of [container.resources.limits, container.resources.requests]) {
    assert.deepEqual(Object.keys(size).sort(), ['cpu', 'ephemeral-storage', 'memory']);
  }
});

test('secrets are files of its pods, never variables', async () => {
  const [container] = (await specOf()).template.spec.containers;
  assert.ok(
    container.env.every(
      ({ value, valueFrom }) => !String(value).includes('xxxx') && !JSON.stringify(valueFrom ?? '').includes('secret'),
    ),
  );
  assert.deepEqual(
    container.volumeMounts.map(({ mountPath, readOnly }) => [mountPath, readOnly]),
    [
      ['/etc/gridlock/token', true],
      ['/etc/gridlock/redis', true],
      ['/etc/gridlock/redis-trust', true],
      ['/etc/gridlock/roots', true],
    ],
  );
});

test('a replica is told what is played, and where the image has it', async () => {
  const appOf = async (app: string) => {
    const [{ env }] = (await specOf({ 'gridlock:app': app })).template.spec.containers;
    return env.find(({ name }) => name === 'APP')?.value;
  };
  assert.deepEqual(
    [await appOf('grid'), await appOf('counter'), await appOf('../votes')],
    ['grid', 'counter', '/app/app.mjs'],
  );
});

test('a replica is told its name, its design, where it is opened from, and Redis', async () => {
  const [{ env }] = (await specOf({ 'gridlock:design': 'stateful' })).template.spec.containers;
  const value = (name: string) => env.find((each) => each.name === name);
  assert.deepEqual(value('APPID')?.valueFrom, { fieldRef: { fieldPath: 'metadata.name' } });
  assert.equal(value('DESIGN')?.value, 'stateful');
  assert.equal(value('ALLOWED_ORIGINS')?.value, 'https://localhost:8443,https://play.example');
  assert.equal(value('REDIS_URL')?.value, 'rediss://gridlock-redis.gridlock.svc:6379');
  assert.equal(new Set(env.map(({ name }) => name)).size, env.length);
});

test('a replica knows the roots that players are given, where no public authority vouches for the edge', async () => {
  const rootsOf = async (settings?: Record<string, string>) => {
    const { containers, volumes } = (await specOf(settings)).template.spec;
    const { value } = containers[0].env.find(({ name }) => name === 'CERTIFICATE_ROOTS_FILE') ?? {};
    return [value, JSON.stringify(volumes).includes('"roots"')];
  };
  assert.deepEqual(await rootsOf(), ['/etc/gridlock/roots/roots.pem', true]);
  const acme = {
    'gridlock:certificates': 'acme',
    'gridlock:acmeEmail': 'a@play.example',
    'gridlock:host': 'play.example',
  };
  assert.deepEqual(await rootsOf(acme), [undefined, false]);
});

test('the public keys of an issuer are a file of its pods, and new ones replace them', async (t) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-issuer-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'keys.pem');
  const write = () =>
    writeFileSync(file, generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }));
  const settings = { 'gridlock:jwtIssuer': 'x', 'gridlock:jwtAudience': 'y', 'gridlock:jwtKeysFile': file };
  write();
  const recording = await run(settings);
  const { data } = recording.one('kubernetes:core/v1:ConfigMap', 'game-issuer').inputs as { data: object };
  assert.deepEqual(data, { 'jwt.keys': readFileSync(file, 'utf8') });
  const { template } = (recording.one(DEPLOYMENT).inputs as { spec: DeploymentSpec }).spec;
  const [{ env, volumeMounts }] = template.spec.containers;
  const value = (name: string) => env.find((each) => each.name === name)?.value;
  assert.deepEqual([value('JWT_ISSUER'), value('JWT_KEYS_FILE')], ['x', '/etc/gridlock/issuer/jwt.keys']);
  assert.ok(volumeMounts.some(({ mountPath, readOnly }) => mountPath === '/etc/gridlock/issuer' && readOnly));
  write();
  const { annotations } = (await specOf(settings)).template.metadata;
  assert.notEqual(annotations['checksum/issuer'], template.metadata.annotations['checksum/issuer']);
});

test('the keys of backends are a Secret of the pods, and new ones replace no pod, as replicas read them again', async (t) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-api-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'keys.txt');
  const settings = { 'gridlock:apiKeysFile': file };
  writeFileSync(file, `shop:${'x'.repeat(40)}\n`);
  const recording = await run(settings);
  const { stringData } = recording.one(SECRET, 'game-api').inputs as { stringData: object };
  assert.deepEqual(stringData, { 'api.keys': readFileSync(file, 'utf8') });
  const { template } = (recording.one(DEPLOYMENT).inputs as { spec: DeploymentSpec }).spec;
  const [{ env, volumeMounts }] = template.spec.containers;
  assert.equal(env.find(({ name }) => name === 'API_KEYS_FILE')?.value, '/etc/gridlock/api/api.keys');
  assert.ok(volumeMounts.some(({ mountPath, readOnly }) => mountPath === '/etc/gridlock/api' && readOnly));
  writeFileSync(file, `shop:${'y'.repeat(40)}\n`);
  assert.deepEqual((await specOf(settings)).template, template);
});

test('a new secret or setting replaces the pods, and the same ones do not', async () => {
  const template = async (...given: Parameters<typeof specOf>) => JSON.stringify((await specOf(...given)).template);
  const first = await template();
  assert.equal(await template(), first);
  assert.notEqual(await template({}, { token: 'y'.repeat(48) }), first);
  assert.notEqual(await template({ 'gridlock:heartbeatMs': '20000' }), first);
  assert.ok(!first.includes('x'.repeat(48)));
});

test('only the headless Service shows the internal port', async () => {
  const recording = await run();
  const ports = (name: string) =>
    (recording.one(SERVICE, name).inputs as { spec: { ports: object[] } }).spec.ports.map((port) =>
      Object.values(port),
    );
  assert.deepEqual(ports('game'), [['http', 8080, 'http']]);
  assert.deepEqual(ports('game-headless'), [
    ['http', 8080, 'http'],
    ['internal', 9090, 'internal'],
  ]);
});

test('replicas start after Redis', async () => {
  assert.ok((await run()).one(DEPLOYMENT).dependsOn.includes('redis'));
});

test('pods are spread over nodes and zones, each version by itself', async () => {
  const spread = (await specOf()).template.spec.topologySpreadConstraints as Record<string, unknown>[];
  assert.deepEqual(
    spread.map(({ topologyKey, whenUnsatisfiable, matchLabelKeys }) => [
      topologyKey,
      whenUnsatisfiable,
      matchLabelKeys,
    ]),
    [
      ['kubernetes.io/hostname', 'ScheduleAnyway', ['pod-template-hash']],
      ['topology.kubernetes.io/zone', 'ScheduleAnyway', ['pod-template-hash']],
    ],
  );
});

test('in a preview only what comes of passwords is unknown', async () => {
  const { template } = await specOf({}, { preview: true });
  assert.equal(template.metadata.annotations['checksum/redis'], UNKNOWN);
  assert.equal(template.spec.terminationGracePeriodSeconds, 22);
});
