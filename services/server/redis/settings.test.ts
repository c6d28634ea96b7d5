import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { localCertificate } from '../testing/certificate.ts';
import { REDIS_VARIABLES, redisSettings } from './settings.ts';

const { certificate } = await localCertificate();
const FILES: Record<string, string> = {
  '/password': 'secret\n',
  '/sentinel': 'other\n',
  '/empty': '\n',
  '/root.pem': certificate,
  '/text': 'no certificate',
};

/** The settings of an environment; throws an Error whose message is the sentence. */
function read(environment: Record<string, string>, files = FILES) {
  const parsed = v.parse(v.object(REDIS_VARIABLES), environment);
  return redisSettings(
    parsed,
    (_variable, path) => files[path]!,
    (sentence) => {
      throw new Error(sentence);
    },
  );
}

test('without any variable Redis is on this machine', () => {
  assert.deepEqual(read({}), {
    topology: { kind: 'single', address: { host: '127.0.0.1', port: 6379 }, db: 0 },
    username: undefined,
    password: undefined,
    tls: undefined,
  });
});

test('a URL names user, host, port and database, and rediss encrypts', () => {
  const settings = read({
    REDIS_URL: 'rediss://game@redis.test:7000/2',
    REDIS_PASSWORD_FILE: '/password',
    REDIS_CA_FILE: '/root.pem',
  });
  assert.deepEqual(settings, {
    topology: { kind: 'single', address: { host: 'redis.test', port: 7000 }, db: 2 },
    username: 'game',
    password: 'secret',
    tls: { ca: certificate },
  });
  assert.deepEqual(read({ REDIS_URL: 'redis://[::1]' }).topology, {
    kind: 'single',
    address: { host: '::1', port: 6379 },
    db: 0,
  });
});

test('Sentinels are listed with the name of the primary and their own password', () => {
  const settings = read({
    REDIS_SENTINELS: 's-0:26379, s-1',
    REDIS_MASTER_NAME: 'games',
    REDIS_SENTINEL_PASSWORD_FILE: '/sentinel',
    REDIS_SENTINEL_USERNAME: 'game',
    REDIS_PASSWORD_FILE: '/password',
    REDIS_TLS: 'true',
  });
  assert.deepEqual(settings.topology, {
    kind: 'sentinel',
    masterName: 'games',
    sentinelUsername: 'game',
    sentinelPassword: 'other',
    sentinels: [
      { host: 's-0', port: 26_379 },
      { host: 's-1', port: 26_379 },
    ],
  });
  assert.deepEqual(settings.tls, { ca: undefined });
});

test('a cluster is named by some of its nodes', () => {
  assert.deepEqual(read({ REDIS_CLUSTER: 'a:7001,b:7002' }).topology, {
    kind: 'cluster',
    nodes: [
      { host: 'a', port: 7001 },
      { host: 'b', port: 7002 },
    ],
  });
});

test('the roots are those in the file now, and while it holds none those of before', async () => {
  const environment = { REDIS_URL: 'rediss://a', REDIS_CA_FILE: '/root.pem' };
  const files: Record<string, string> = { ...FILES };
  const settings = read(environment, files);
  const other = (await localCertificate()).certificate;
  files['/root.pem'] = `${certificate}\n${other}`;
  assert.equal(settings.tls?.ca, `${certificate}\n${other}`);
  for (const broken of ['', 'no certificate']) {
    files['/root.pem'] = broken;
    assert.equal(settings.tls?.ca, `${certificate}\n${other}`);
  }
  files['/root.pem'] = other;
  assert.equal(settings.tls?.ca, other);
});

const REFUSED: [what: string, environment: Record<string, string>, sentence: RegExp][] = [
  ['a URL and Sentinels', { REDIS_URL: 'redis://a', REDIS_SENTINELS: 'b' }, /REDIS_URL and REDIS_SENTINELS are both/],
  ['Sentinels and a cluster', { REDIS_SENTINELS: 'a', REDIS_CLUSTER: 'b' }, /are both set/],
  ['Sentinels without a name', { REDIS_SENTINELS: 'a' }, /needs REDIS_MASTER_NAME/],
  ['a name without Sentinels', { REDIS_MASTER_NAME: 'games' }, /REDIS_SENTINELS is not/],
  ['a Sentinel user without Sentinels', { REDIS_SENTINEL_USERNAME: 'game' }, /REDIS_SENTINELS is not/],
  [
    'a Sentinel user without a password',
    { REDIS_SENTINELS: 'a', REDIS_MASTER_NAME: 'games', REDIS_SENTINEL_USERNAME: 'game' },
    /"game" of the Sentinels has no password/,
  ],
  ['a Sentinel password without Sentinels', { REDIS_SENTINEL_PASSWORD_FILE: '/sentinel' }, /REDIS_SENTINELS is not/],
  ['rediss without TLS', { REDIS_URL: 'rediss://a', REDIS_TLS: 'false' }, /REDIS_TLS is false but/],
  ['redis with TLS', { REDIS_URL: 'redis://a', REDIS_TLS: 'true' }, /write rediss/],
  ['a root without TLS', { REDIS_CA_FILE: '/root.pem' }, /not encrypted; set REDIS_TLS/],
  ['a root that is none', { REDIS_URL: 'rediss://a', REDIS_CA_FILE: '/text' }, /holds no certificate/],
  ['two passwords', { REDIS_URL: 'redis://:x@a', REDIS_PASSWORD_FILE: '/password' }, /take it out of the URL/],
  ['two users', { REDIS_URL: 'redis://one@a', REDIS_USERNAME: 'two', REDIS_PASSWORD_FILE: '/password' }, /"one" and/],
  ['a user without a password', { REDIS_USERNAME: 'game' }, /"game" has no password/],
  ['an empty password', { REDIS_PASSWORD_FILE: '/empty' }, /is empty; write the password/],
  ['a path that is not a database', { REDIS_URL: 'redis://a/games' }, /not the number of a database/],
];
for (const [what, environment, sentence] of REFUSED) {
  test(`${what} is refused with a sentence`, () => {
    assert.throws(
      () => read(environment),
      ({ message }: Error) => {
        assert.match(message, sentence);
        assert.match(message, /^[A-Z].*\.$/);
        return true;
      },
    );
  });
}

test('an address that is none is refused', () => {
  for (const list of [
    '',
    ',',
    'a:b',
    'x/y',
    'user@host',
    ':hush@host',
    'host:1?tls=true',
    'host#1',
    'host:99999',
    'host:0',
  ]) {
    assert.throws(() => read({ REDIS_CLUSTER: list }), /names no address|not host:port/, list);
  }
});

for (const [what, url, pattern] of [
  ['a query', 'redis://a:6379?password=hush', /a query or a fragment/],
  ['a fragment', 'redis://:pass@a#hush', /a query or a fragment/],
  ['an empty query', 'redis://hush?', /a query or a fragment/],
  ['no host', 'redis://:hush@', /is not a URL/],
  ['a port above 65535', 'redis://:hush@a:99999', /is not a URL/],
  ['port 0', 'redis://:hush@a:0', /is not a URL/],
  ['a % that starts no escape', 'redis://:hush%zz@a', /write % as %25/],
] as const) {
  test(`a URL with ${what} is refused, and not repeated`, () => {
    assert.throws(
      () => read({ REDIS_URL: url }),
      ({ message }: Error) => pattern.test(message) && !message.includes('hush'),
    );
  });
}
