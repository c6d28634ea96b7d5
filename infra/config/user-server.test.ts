import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { ConfigError, readConfig, stackConfig } from './config.ts';
import { endpointText, parseEndpoint } from './endpoint.ts';
import { MOST_UPSTREAMS } from './server-keys.ts';
import { userServer } from './user-server.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-config-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const read = (...args: string[]) => readConfig({ args, directory: '/nonexistent' });
const readFile = (yaml: string, ...args: string[]) => {
  writeFileSync(path.join(directory, 'Pulumi.dev.yaml'), `config:\n${yaml}`);
  return readConfig({ args, directory });
};
const refused = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ConfigError);
  assert.match(error.message, pattern);
  return true;
};

test('without a command or an upstream the replicas are those of Gridlock', () => {
  assert.equal(userServer(read()), undefined);
});

test('a command makes a server of the user: every path, kept by a cookie, with a Redis', () => {
  const config = read('--command', 'node server.js');
  assert.deepEqual(userServer(config), { stickiness: { by: 'cookie' }, socketPaths: [], healthPath: '' });
  assert.deepEqual([config.redis, config.drainSignal, config.drainSeconds], ['single', 'SIGTERM', 10]);
});

test('servers that already run have no Redis unless one is configured', () => {
  assert.equal(read('--upstream', '127.0.0.1:3000').redis, 'none');
  assert.equal(read('--upstream', '127.0.0.1:3000', '--redis', 'single').redis, 'single');
});

test('a list is given with commas, by several flags, or as a list of a file', () => {
  const expected = ['127.0.0.1:3000', '[::1]:3001'];
  assert.deepEqual(read('--upstream', '127.0.0.1:3000, [::1]:3001').upstreams, expected);
  assert.deepEqual(read('--upstream', expected[0]!, '--upstream', expected[1]!).upstreams, expected);
  assert.deepEqual(readFile(`  upstreams: ["${expected[0]}", "${expected[1]}"]\n`).upstreams, expected);
  assert.deepEqual(readFile(`  upstreams: ${expected[0]}\n`).upstreams, [expected[0]]);
  // A flag wins over the file, and does not add to it.
  assert.deepEqual(readFile(`  upstreams: ${expected[0]}\n`, '--upstream', expected[1]!).upstreams, [expected[1]]);
});

test('stickiness by a header or a parameter has its name', () => {
  const stickiness = (sticky: string) => userServer(read('--command', 'x', '--sticky', sticky))!.stickiness;
  assert.deepEqual(stickiness('header:X-User'), { by: 'header', name: 'X-User' });
  assert.deepEqual(stickiness('query:room'), { by: 'query', name: 'room' });
  assert.deepEqual(stickiness('source'), { by: 'source' });
});

test('an endpoint is a host and a port, an IPv6 address in brackets', () => {
  for (const text of ['127.0.0.1:3000', '[::1]:1', 'app.internal:65535', 'localhost:80', 'my_app:80']) {
    assert.equal(endpointText(parseEndpoint(text)!), text);
  }
  for (const text of [
    '',
    '3000',
    ':3000',
    'host',
    'host:',
    'host:0',
    'host:65536',
    '::1:3000',
    '[::1]',
    '[1.2.3.4]:5',
  ]) {
    assert.equal(parseEndpoint(text), undefined, text);
  }
  for (const text of ['http://host:80', 'a b:80', '1.2.3:80', '[fe80::1%eth0]:80', 'host:80/x']) {
    assert.equal(parseEndpoint(text), undefined, text);
  }
});

const many = Array.from({ length: MOST_UPSTREAMS + 1 }, (_, index) => `127.0.0.1:${3000 + index}`).join(',');
for (const [what, args, pattern] of [
  ['command and upstream together', ['--command', 'x', '--upstream', 'a:1'], /^command and upstreams are both set/],
  [
    'an unknown stickiness',
    ['--command', 'x', '--sticky', 'session'],
    /cookie, source, header:NAME, query:NAME or none/,
  ],
  ['a header without its name', ['--command', 'x', '--sticky', 'header:'], /"header:" of the flag --sticky/],
  ['a header that would end its line', ['--command', 'x', '--sticky', 'header:a) b'], /of the flag --sticky/],
  ['a socket path without a slash', ['--command', 'x', '--socket-path', 'ws'], /paths that begin with \//],
  ['a socket path with a blank', ['--command', 'x', '--socket-path', '/a b'], /of the flag --socket-path/],
  ['a health path without a slash', ['--command', 'x', '--health-path', 'up'], /a path that begins with \//],
  ['an upstream without a port', ['--upstream', 'localhost'], /host:port, separated by commas/],
  ['more upstreams than there are slots', ['--upstream', many], /up to 16 servers as host:port/],
  ['a command of two lines', ['--command', 'a\nb'], /a command of one line/],
  [
    'stickiness without a server',
    ['--sticky', 'source'],
    /^sticky is set, and none of command, upstreams and serverImage \(the flag/,
  ],
  ['a socket path without a server', ['--socket-path', '/ws'], /^socketPaths is set, and none of/],
  ['a health path without a server', ['--health-path', '/up'], /^healthPath is set, and none of/],
  ['a drain without a server', ['--drain-seconds', '3'], /^drainSeconds is set, and none of/],
  [
    'a drain with an upstream',
    ['--upstream', 'a:1', '--drain-signal', 'SIGINT'],
    /whose servers Gridlock does not end/,
  ],
  ['a signal that cannot ask', ['--command', 'x', '--drain-signal', 'SIGKILL'], /SIGTERM or SIGINT or/],
  [
    'breaking a server of the user',
    ['--command', 'x', '--break-it', 'on'],
    /^breakIt is on, and command or upstreams is set/,
  ],
  ['no Redis for the replicas of Gridlock', ['--redis', 'none'], /Gridlock's own replicas need one/],
  [
    'a Redis that npm start does not have',
    ['--command', 'x', '--redis', 'sentinel'],
    /redis is sentinel, which npm start does not have/,
  ],
] as const) {
  test(`${what} is refused with a sentence`, () => {
    assert.throws(() => read(...args), refused(pattern));
  });
}

test("a stack's Redis on Kubernetes does not prevent Gridlock's replicas from starting", () => {
  assert.equal(readFile('  redis: external\n').redis, 'external');
});

test('on Kubernetes the command of a server and replicas of Gridlock without Redis are refused', () => {
  assert.throws(() => stackConfig('dev', { 'gridlock:command': 'x' }), refused(/^command is for npm start alone/));
  assert.throws(
    () => stackConfig('dev', { 'gridlock:upstreams': '["a:1"]' }),
    refused(/^upstreams is for npm start alone/),
  );
  assert.throws(() => stackConfig('dev', { 'gridlock:redis': 'none' }), refused(/^redis is none/));
});

const image = 'registry.example/chat:1';
const cluster = (values: Readonly<Record<string, unknown>> = {}) =>
  stackConfig(
    'dev',
    Object.fromEntries(
      Object.entries({ serverImage: image, ...values }).map(([key, value]) => [
        `gridlock:${key}`,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
  );

test('an image makes a server of the user, with or without a Redis, and needs no image of Gridlock', () => {
  const config = cluster({ sticky: 'none', socketPaths: ['/chat'], redis: 'none', drainSeconds: 30 });
  assert.deepEqual(userServer(config), { stickiness: { by: 'none' }, socketPaths: ['/chat'], healthPath: '' });
  assert.equal(config.redis, 'none');
  assert.equal(cluster({ cluster: 'gke', context: 'mine' }).serverImage, image);
  assert.equal(cluster({ redis: 'sentinel' }).redis, 'sentinel');
});

test('a file may have a command for this machine and an image for Kubernetes', () => {
  assert.equal(cluster({ command: 'node server.js' }).command, 'node server.js');
  assert.equal(readFile(`  serverImage: ${image}\n  command: node server.js\n`).command, 'node server.js');
});

test('variables of the server are text, whatever YAML makes of them', () => {
  assert.deepEqual(cluster({ serverEnvironment: { LEVEL: 'info', DEBUG: true, LIMIT: 5 } }).serverEnvironment, {
    LEVEL: 'info',
    DEBUG: 'true',
    LIMIT: '5',
  });
  assert.deepEqual(cluster({ redis: 'none', serverEnvironment: { REDIS_URL: 'x' } }).serverEnvironment, {
    REDIS_URL: 'x',
  });
});

test('secret variables may be encrypted, and a refusal does not repeat them', () => {
  const text = (value: string) => `  command: x\n  serverImage: ${image}\n  serverSecretEnvironment: ${value}\n`;
  assert.deepEqual(readFile(text('{KEY: hush}')).serverSecretEnvironment, { KEY: 'hush' });
  assert.deepEqual(readFile(text('{secure: v1:abc}')).serverSecretEnvironment, {});
  for (const value of ['{KEY: [hush]}', '{"hush-name": x}', 'hush']) {
    assert.throws(
      () => readFile(text(value)),
      (error: Error) => /serverSecretEnvironment/.test(error.message) && !/hush/.test(error.message),
    );
  }
});

for (const [what, values, pattern] of [
  ['an image that changes', { serverImage: 'chat:latest' }, /serverImage .*tag other than latest/],
  ['an image of Gridlock too', { image: 'game:1' }, /^image is for the replicas of Gridlock, and serverImage is set/],
  ['a port without an image', { serverImage: '', serverPort: 3000 }, /^serverPort is set, and serverImage is not/],
  ['a variable that Gridlock sets', { serverEnvironment: { PORT: '1' } }, /has PORT, .*set serverPort instead/],
  [
    'another Redis than its own',
    { serverEnvironment: { REDIS_URL: 'x' } },
    /has REDIS_URL, which Gridlock sets itself/,
  ],
  [
    'a secret variable that Gridlock sets',
    { serverSecretEnvironment: { APPID: '1' } },
    /^serverSecretEnvironment has APPID/,
  ],
  [
    'a variable that is both plain and secret',
    { serverEnvironment: { KEY: 'a' }, serverSecretEnvironment: { KEY: 'b' } },
    /both have KEY/,
  ],
  ['an invalid name of a variable', { serverEnvironment: { 'A B': '1' } }, /serverEnvironment .*a map of variables/],
  ['a gauge without metrics', { scaleOn: 'chat_sockets' }, /^scaleOn is set, and metricsPath is not/],
  ['an invalid name of a gauge', { scaleOn: 'a b', metricsPath: '/metrics' }, /the name of a Prometheus gauge/],
  ['a port for metrics without their path', { metricsPort: 9000 }, /^metricsPort is set, and metricsPath is not/],
  ['a key for tokens', { jwtIssuer: 'x' }, /^jwtIssuer is for the replicas of Gridlock/],
  ['a cluster without a name', { cluster: 'aks' }, /^cluster: aks needs context/],
] as const) {
  test(`with an image, ${what} is refused with a sentence`, () => {
    assert.throws(() => cluster(values), refused(pattern));
  });
}
