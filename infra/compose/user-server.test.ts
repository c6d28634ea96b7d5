import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { readConfig } from '../config/config.ts';
import { composePaths } from './files.ts';
import { prepareCompose } from './prepare.ts';

const IMAGE = 'registry.example/chat:1.4';
const OWNER = { uid: process.getuid?.() || 10_001, gid: process.getgid?.() || 10_001 };

interface Service {
  image: string;
  user?: string;
  read_only: boolean;
  cap_drop: string[];
  security_opt: string[];
  networks?: string[];
  ports?: string[];
  mem_limit?: string;
  stop_signal?: string;
  stop_grace_period?: string;
  environment?: Record<string, string>;
  depends_on?: object;
}
interface Compose {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
  volumes?: object;
}

let directory: string;
let envFile: string;
before(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-compose-'));
  envFile = path.join(directory, 'env');
});
after(() => rmSync(directory, { recursive: true, force: true }));

async function prepare(...args: string[]) {
  const given = ['--state-dir', directory, '--server-image', IMAGE, ...args];
  const config = readConfig({ args: given, directory: '/nonexistent' });
  const prepared = await prepareCompose({ config, owner: OWNER, envFile });
  const text = readFileSync(prepared.composeFile!, 'utf8');
  return { ...prepared, text, compose: parse(text) as Compose };
}
const edgeConfig = () => readFileSync(path.join(composePaths(directory).edge, 'haproxy.cfg'), 'utf8');

test('the containers of the image are behind the edge, each with its port, APPID and Redis', async () => {
  const { compose, image } = await prepare('--replicas', '3', '--server-port', '3000');
  assert.equal(image, IMAGE);
  assert.deepEqual(Object.keys(compose.services), ['edge', 'ws1', 'ws2', 'ws3', 'redis', 'redis-volume']);
  const { environment, image: run } = compose.services['ws2']!;
  assert.equal(run, IMAGE);
  assert.deepEqual(Object.keys(environment!).sort(), ['APPID', 'PORT', 'REDIS_URL']);
  assert.deepEqual([environment!['APPID'], environment!['PORT']], ['2222', '3000']);
  assert.match(environment!['REDIS_URL']!, /^redis:\/\/:\w{20,}@redis:6379$/);
  assert.match(edgeConfig(), /server ws3 ws3:3000 port 3000 resolvers cluster/);
  assert.ok(!existsSync(envFile), 'the compose.yaml of the checkout has its variables still');
});

test('further variables of the server pass through Compose unchanged', async () => {
  const { compose } = await prepare('--server-environment', '{"PRICE":"$5","DEBUG":"chat:*"}');
  assert.deepEqual(
    [compose.services['ws1']!.environment!['PRICE'], compose.services['ws1']!.environment!['DEBUG']],
    ['$$5', 'chat:*'],
  );
});

test('with redis: none there is no Redis, and no container waits for one', async () => {
  const { compose } = await prepare('--redis', 'none', '--replicas', '2');
  assert.deepEqual(Object.keys(compose.services), ['edge', 'ws1', 'ws2']);
  assert.deepEqual([compose.networks['data'], compose.volumes], [undefined, undefined]);
  const { environment, depends_on: waits } = compose.services['ws1']!;
  assert.deepEqual([environment!['REDIS_URL'], waits], [undefined, undefined]);
});

test('a Redis elsewhere is refused with a sentence that says how to name it', async () => {
  await assert.rejects(prepare('--redis', 'sentinel'), /^ConfigError: redis is sentinel, .* REDIS_URL in serverEnv/);
});

test('the edge has the configured paths, stickiness and health check', async () => {
  await prepare('--socket-path', '/ws', '--sticky', 'query:room', '--health-path', '/healthz');
  const text = edgeConfig();
  assert.match(text, /balance url_param room/);
  assert.match(text, /http-check send meth GET uri \/healthz/);
  assert.match(text, /\/ws/);
});

test('a server is asked to end by its signal, and the edge waits longer than it may take', async () => {
  const { compose } = await prepare('--drain-signal', 'SIGINT', '--drain-seconds', '25');
  const { ws1, edge } = compose.services;
  assert.deepEqual([ws1!.stop_signal, ws1!.stop_grace_period], ['SIGINT', '25s']);
  assert.deepEqual([edge!.stop_signal, edge!.stop_grace_period], ['SIGUSR1', '27s']);
});

test('no container writes to its root, gains rights or keeps a capability, and each has a limit', async () => {
  const { compose } = await prepare();
  for (const [name, service] of Object.entries(compose.services)) {
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    assert.equal(service.user?.startsWith('0') ?? false, name === 'redis-volume', name);
    if (name !== 'redis-volume') assert.ok(service.mem_limit, name);
  }
});

test('only the edge has ports, on the loopback address, and only edge and servers are on a network that leads out', async () => {
  const { compose } = await prepare('--replicas', '2');
  for (const [name, { ports, networks = [] }] of Object.entries(compose.services)) {
    const out = networks.filter((network) => compose.networks[network]!.internal !== true);
    assert.deepEqual(out, name === 'edge' ? ['front'] : name.startsWith('ws') ? ['out'] : [], name);
    assert.deepEqual(ports, name === 'edge' ? ['127.0.0.1:8443:8443', '127.0.0.1:8080:8080'] : undefined, name);
  }
});

test('a second preparation changes nothing, and the password of Redis is for its owner alone', async () => {
  const { text, composeFile } = await prepare();
  assert.equal((await prepare()).text, text);
  assert.equal(statSync(composeFile!).mode & 0o777, 0o600);
  assert.notEqual((await prepare('--port', '9443')).text, text);
});

test('a new certificate does not make a new edge: the authority gives it to the running one', async () => {
  await prepare();
  const { pki, run } = composePaths(directory);
  const { readEdge } = await import('../../certs/edge/edge-deployment.ts');
  const edge = readEdge(pki)!;
  assert.equal(edge.runtimeSocket, path.join(run, 'haproxy.sock'));
  assert.match(edgeConfig(), /stats socket "?unix@\/run\/gridlock\/haproxy\.sock"? mode 600 level admin/);
  assert.ok(edgeConfig().includes(edge.certificate));
});

test('a server gets variables that name the collector and make it sample as the edge does', async () => {
  const { compose } = await prepare('--traces-endpoint=http://collector.example:4318');
  const { environment } = compose.services['ws1']!;
  assert.equal(environment!['OTEL_EXPORTER_OTLP_ENDPOINT'], 'http://collector.example:4318');
  assert.equal(environment!['OTEL_TRACES_SAMPLER'], 'parentbased_traceidratio');
  assert.equal(environment!['OTEL_TRACES_SAMPLER_ARG'], '0.01');
  assert.match(edgeConfig(), /http-request set-header traceparent /);
});
