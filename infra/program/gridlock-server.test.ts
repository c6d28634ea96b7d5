import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Replicas } from '../components/replicas/replicas.ts';
import { DEPLOYMENT, type DeploymentInputs, REDIS, SECRET } from '../components/replicas/testing.ts';
import { stackConfig } from '../config/config.ts';
import { record } from '../render/recorder.ts';
import { GridlockServer } from './gridlock-server.ts';

const run = (settings: Record<string, string> = {}, { token = 'x'.repeat(48), preview = false } = {}) => {
  const config = stackConfig('dev', settings);
  return record(
    () => {
      const args = { config, namespace: 'gridlock', cluster: 'gridlock', tokenSecret: token };
      const server = new GridlockServer('server', args);
      new Replicas('gridlock', {
        ...server.settings,
        namespace: 'gridlock',
        image: 'gridlock/game:abc',
        redis: REDIS,
        replicas: 4,
      });
      return {};
    },
    { preview },
  );
};

const specOf = async (...given: Parameters<typeof run>) =>
  ((await run(...given)).one(DEPLOYMENT).inputs as unknown as DeploymentInputs).spec;

test('the objects that only the server of Gridlock has are named after the cluster', async () => {
  (await run()).assertChildren('server', [[SECRET, 'gridlock-token']]);
});

test('a token secret is made where none is given', async () => {
  const args = { config: stackConfig('dev', {}), namespace: 'gridlock', cluster: 'gridlock' };
  const recording = await record(() => {
    new GridlockServer('server', args);
  });
  assert.equal(recording.one('random:index/randomPassword:RandomPassword', 'server-token').inputs['length'], 48);
});

test('its probes are three, differ, and no restart depends on Redis', async () => {
  const [container] = (await specOf()).template.spec.containers;
  const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((name) => container[name]);
  assert.equal(new Set(probes.map((probe) => JSON.stringify(probe))).size, 3);
  assert.deepEqual((container['livenessProbe'] as { httpGet: object }).httpGet, {
    path: '/healthz',
    port: 'internal',
  });
  assert.deepEqual((container['readinessProbe'] as { httpGet: object }).httpGet, {
    path: '/readyz',
    port: 'internal',
  });
});

test('the drain is the window of the configuration', async () => {
  const { template } = await specOf({ 'gridlock:drainMs': '60000' });
  assert.equal(template.spec.terminationGracePeriodSeconds, 80);
  assert.equal((await specOf()).template.spec.terminationGracePeriodSeconds, 22);
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
    ],
  );
});

test('a replica gets its application, and its place in the image', async () => {
  const appOf = async (app: string) => {
    const [{ env }] = (await specOf({ 'gridlock:app': app })).template.spec.containers;
    return env.find(({ name }) => name === 'APP')?.value;
  };
  assert.deepEqual(
    [await appOf('grid'), await appOf('counter'), await appOf('../votes')],
    ['grid', 'counter', '/app/app.mjs'],
  );
});

test('a replica gets its name, its design, its origins, and Redis', async () => {
  const [{ env }] = (await specOf({ 'gridlock:design': 'stateful' })).template.spec.containers;
  const value = (name: string) => env.find((each) => each.name === name);
  assert.deepEqual(value('APPID')?.valueFrom, { fieldRef: { fieldPath: 'metadata.name' } });
  assert.equal(value('DESIGN')?.value, 'stateful');
  assert.equal(value('ALLOWED_ORIGINS')?.value, 'https://localhost:8443,https://127.0.0.1:8443,https://[::1]:8443');
  assert.equal(value('REDIS_URL')?.value, 'rediss://chat-redis.apps.svc:6379');
  assert.equal(new Set(env.map(({ name }) => name)).size, env.length);
});

test("a replica has the roots for its players, when no public authority signs the edge's certificate", async () => {
  const rootsOf = async (settings: Record<string, string> = {}) => {
    const config = stackConfig('dev', settings);
    const { outputs } = await record(() => {
      const args = { config, namespace: 'gridlock', cluster: 'gridlock' };
      const { environment, rootsDirectory } = new GridlockServer('server', args).settings;
      return { file: environment?.['CERTIFICATE_ROOTS_FILE'], rootsDirectory };
    });
    return [outputs.file, outputs.rootsDirectory];
  };
  assert.deepEqual(await rootsOf(), ['/etc/gridlock/roots/roots.pem', '/etc/gridlock/roots']);
  const acme = {
    'gridlock:certificates': 'acme',
    'gridlock:acmeEmail': 'a@play.example',
    'gridlock:host': 'play.example',
  };
  assert.deepEqual(await rootsOf(acme), [undefined, undefined]);
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
  const { data } = recording.one('kubernetes:core/v1:ConfigMap', 'gridlock-issuer').inputs as { data: object };
  assert.deepEqual(data, { 'jwt.keys': readFileSync(file, 'utf8') });
  const { template } = (recording.one(DEPLOYMENT).inputs as unknown as DeploymentInputs).spec;
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
  const { stringData } = recording.one(SECRET, 'gridlock-api').inputs as { stringData: object };
  assert.deepEqual(stringData, { 'api.keys': readFileSync(file, 'utf8') });
  const { template } = (recording.one(DEPLOYMENT).inputs as unknown as DeploymentInputs).spec;
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

test('in a preview only values derived from passwords are unknown', async () => {
  const args = { config: stackConfig('dev', {}), namespace: 'gridlock', cluster: 'gridlock' };
  const { outputs } = await record(() => ({ ...new GridlockServer('server', args).settings }), { preview: true });
  assert.equal(outputs.environment?.['DESIGN'], 'stateless');
  assert.equal(outputs.pod, undefined);
});
