import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { readConfig } from '../config/config.ts';
import { chooseOwner, composePaths, REPLICAS } from './files.ts';
import { type Prepared, prepareCompose } from './prepare.ts';
import { mergeEnv } from './variables.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const OWNER = { uid: process.getuid?.() || 10_001, gid: process.getgid?.() || 10_001 };
const composeText = readFileSync(path.join(ROOT, 'compose.yaml'), 'utf8');

interface Service {
  user: string;
  read_only: boolean;
  cap_drop: string[];
  security_opt: string[];
  networks?: string[];
  ports?: string[];
  mem_limit?: string;
  healthcheck?: object;
  environment?: Record<string, string>;
}
const compose = parse(composeText, { merge: true }) as {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
};
const services = Object.entries(compose.services);

let directory: string;
let envFile: string;
let prepared: Prepared;
const prepare = (...args: string[]) => {
  const config = readConfig({ args: ['--state-dir', directory, ...args], directory: '/nonexistent' });
  return prepareCompose({ config, owner: OWNER, envFile });
};
const env = () =>
  Object.fromEntries(
    readFileSync(envFile, 'utf8')
      .split('\n')
      .filter((line) => /^\w+=/.test(line))
      .map((line) => {
        const [name, ...value] = line.split('=');
        return [name!, value.join('=').replaceAll("'", '')];
      }),
  );

before(async () => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-compose-'));
  envFile = path.join(directory, 'env');
  writeFileSync(envFile, 'MINE=kept\nGRIDLOCK_IMAGE=old\n');
  prepared = await prepare();
});
after(() => rmSync(directory, { recursive: true, force: true }));

test('every variable that compose.yaml reads is written, and no other', () => {
  const read = new Set([...composeText.matchAll(/\$\{(GRIDLOCK_\w+)/g)].map(([, name]) => name!));
  const written = Object.keys(env()).filter((name) => name.startsWith('GRIDLOCK_'));
  assert.deepEqual([...read].sort(), written.sort());
});

test('without a preparation, Compose stops with a sentence that says how to prepare', () => {
  assert.match(composeText, /\$\{GRIDLOCK_IMAGE:\?run "npm run compose" once/);
});

test('the replicas are ws1 to ws4 with the APPIDs 1111 to 4444', () => {
  const replicas = services.filter(([name]) => name.startsWith('ws'));
  assert.deepEqual(
    replicas.map(([name]) => name),
    [...REPLICAS],
  );
  assert.deepEqual(
    replicas.map(([name, { environment }]) => [name, environment!['APPID']]),
    [
      ['ws1', '1111'],
      ['ws2', '2222'],
      ['ws3', '3333'],
      ['ws4', '4444'],
    ],
  );
});

test('no container writes to its root, gains rights or keeps a capability, and only the one that chowns is root', () => {
  for (const [name, service] of services) {
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    assert.equal(service.user.startsWith('0'), name === 'redis-volume', name);
    if (name === 'redis-volume') continue;
    assert.ok(service.mem_limit && service.healthcheck, `${name} has a limit and a check`);
  }
});

test('only the edge has ports, on the loopback address, and only it is on a network with a way out', () => {
  for (const [name, { ports, networks }] of services) {
    const out = (networks ?? []).filter((network) => !compose.networks[network]!.internal);
    assert.deepEqual(out, name === 'edge' ? ['front'] : [], name);
    if (name !== 'edge') assert.equal(ports, undefined, name);
  }
  assert.equal(env()['GRIDLOCK_ADDRESS'], '127.0.0.1');
});

test('the same network has a way out if traces go to a collector', async () => {
  await prepare('--traces-endpoint=http://collector.example:4318', '--traces-sample-ratio=0.5');
  const { GRIDLOCK_ISSUER_INTERNAL: internal, ...told } = env();
  assert.equal(internal, 'false');
  assert.equal(told['GRIDLOCK_OTEL_EXPORTER_OTLP_ENDPOINT'], 'http://collector.example:4318');
  assert.equal(told['GRIDLOCK_OTEL_TRACES_SAMPLER_ARG'], '0.5');
  await prepare();
  assert.equal(env()['GRIDLOCK_ISSUER_INTERNAL'], 'true');
});

test('the network by which replicas reach an issuer leads out only where there is one, whose keys are mounted', async () => {
  assert.equal(env()['GRIDLOCK_ISSUER_INTERNAL'], 'true');
  const issuer = ['--jwt-issuer=x', '--jwt-audience=y'];
  await prepare(...issuer, '--jwt-jwks-url=https://id.example/keys', '--guests=false');
  const { GRIDLOCK_ISSUER_INTERNAL, GRIDLOCK_JWT_JWKS_URL, GRIDLOCK_GUESTS } = env();
  assert.deepEqual(
    [GRIDLOCK_ISSUER_INTERNAL, GRIDLOCK_JWT_JWKS_URL, GRIDLOCK_GUESTS],
    ['false', 'https://id.example/keys', 'off'],
  );
  const keys = path.join(directory, 'keys.pem');
  writeFileSync(keys, generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }));
  await prepare(...issuer, `--jwt-keys-file=${keys}`);
  assert.equal(env()['GRIDLOCK_JWT_KEYS_FILE'], '/etc/gridlock/jwt.keys');
  assert.ok(readdirSync(composePaths(directory).replica).includes('jwt.keys'));
  await assert.rejects(
    prepare(...issuer, '--jwt-jwks-url=http://localhost/keys'),
    /a container would look for in itself/,
  );
  await prepare();
  assert.ok(!readdirSync(composePaths(directory).replica).includes('jwt.keys'));
});

test('the keys of backends are mounted where there are any', async () => {
  assert.equal(env()['GRIDLOCK_API_KEYS_FILE'], '');
  const keys = path.join(directory, 'api-keys.txt');
  writeFileSync(keys, `shop:${'x'.repeat(40)}\n`);
  await prepare(`--api-keys-file=${keys}`);
  assert.equal(env()['GRIDLOCK_API_KEYS_FILE'], '/etc/gridlock/api.keys');
  assert.equal(
    readFileSync(path.join(composePaths(directory).replica, 'api.keys'), 'utf8'),
    readFileSync(keys, 'utf8'),
  );
  await prepare();
  assert.ok(!readdirSync(composePaths(directory).replica).includes('api.keys'));
});

test('mounted files can be read by their user only, and hold no key of an authority', () => {
  const { edge, replica, redis, pki } = composePaths(directory);
  const secondLine = (name: string) => readFileSync(path.join(pki, name), 'utf8').split('\n')[1]!;
  const keys = ['root.key', 'intermediate.key'].map(secondLine);
  for (const place of [edge, replica, redis]) {
    assert.equal(statSync(place).mode & 0o777, 0o700);
    assert.equal(statSync(place).uid, OWNER.uid);
    for (const name of readdirSync(place)) {
      assert.equal(statSync(path.join(place, name)).mode & 0o777, 0o600, name);
      const text = readFileSync(path.join(place, name), 'utf8');
      assert.ok(
        keys.every((key) => key.length > 20 && !text.includes(key)),
        name,
      );
    }
  }
});

test('a second preparation changes nothing, and another port changes what depends on it', async () => {
  const before = readFileSync(envFile, 'utf8');
  assert.equal((await prepare()).image, prepared.image);
  assert.equal(readFileSync(envFile, 'utf8'), before);
  const other = await prepare('--port', '9443', '--drain-ms', '20000');
  assert.equal(other.url, 'https://localhost:9443');
  const variables = env();
  assert.equal(variables['GRIDLOCK_PORT'], '9443');
  assert.match(variables['GRIDLOCK_ORIGINS']!, /^https:\/\/localhost:9443,/);
  assert.equal(variables['GRIDLOCK_GRACE'], '28s');
  assert.doesNotMatch(before, new RegExp(variables['GRIDLOCK_EDGE_FILES']!), 'the edge is recreated');
  assert.match(before, new RegExp(variables['GRIDLOCK_REDIS_FILES']!), 'Redis is not');
  assert.equal(variables['MINE'], 'kept');
});

test('another number of replicas is refused with a sentence', async () => {
  await assert.rejects(prepare('--replicas', '6'), /^ConfigError: replicas is 6, and compose\.yaml names 4/);
});

test('a command is refused with a sentence that names the key for containers', async () => {
  await assert.rejects(
    prepare('--command', 'node server.js'),
    /^ConfigError: command is for npm start alone: set serverImage/,
  );
});

test('breaking parts on purpose is refused with a sentence, and the edge of containers does not offer it', async () => {
  await assert.rejects(prepare('--break-it', 'on'), /^ConfigError: breakIt is for npm start alone: unset it/);
  assert.doesNotMatch(readFileSync(path.join(composePaths(directory).edge, 'haproxy.cfg'), 'utf8'), /break/);
});

test('another application is in its own image, and the replicas are told to play it', async () => {
  assert.equal(env()['GRIDLOCK_APP'], 'grid');
  const other = await prepare('--app', 'counter');
  assert.equal(env()['GRIDLOCK_APP'], 'counter');
  assert.notEqual(other.image, prepared.image);
  const replicas = services.filter(([name]) => name.startsWith('ws'));
  for (const [name, { environment }] of replicas) assert.equal(environment!['APP'], '${GRIDLOCK_APP:-grid}', name);
  await prepare();
});

test('a folder without an application is refused with a sentence', async () => {
  await assert.rejects(prepare('--app', path.join(directory, 'nothing')), /^ConfigError: There is no application at /);
});

test("other lines in the file of variables stay in place, and Gridlock's are replaced", () => {
  const first = mergeEnv('# mine\nA=1\n\nGRIDLOCK_X=old\nB=2\n', { GRIDLOCK_X: "it's" });
  assert.match(first, /^# mine\nA=1\n\nB=2\n# Written by/);
  assert.match(first, /\nGRIDLOCK_X='it\\'s'\n$/);
  assert.equal(mergeEnv(first, { GRIDLOCK_X: "it's" }), first);
});

test('the containers run as the user who prepares them, and as root only under rootless Docker', () => {
  assert.deepEqual(chooseOwner({ uid: 1000, gid: 1001 }, false), { uid: 1000, gid: 1001 });
  assert.deepEqual(chooseOwner({ uid: 0, gid: 0 }, false), { uid: 10_001, gid: 10_001 });
  assert.deepEqual(chooseOwner(undefined, false), { uid: 10_001, gid: 10_001 });
  assert.deepEqual(chooseOwner({ uid: 1000, gid: 1000 }, true), { uid: 0, gid: 0 });
});
