import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRedisUrl } from '../../config/redis-url.ts';
import { record } from '../../render/recorder.ts';
import { externalEnv, RedisExternal } from './redis-external.ts';

const env = (url: string) =>
  Object.fromEntries(externalEnv(parseRedisUrl(url)).map(({ name, value }) => [name, value]));

test('a single Redis is a URL without its password', () => {
  assert.deepEqual(env('rediss://game:hush@cache.example:6380/2'), {
    REDIS_URL: 'rediss://cache.example:6380/2',
    REDIS_USERNAME: 'game',
    REDIS_PASSWORD_FILE: '/etc/gridlock/redis/password',
  });
});

test('several hosts are a Cluster', () => {
  assert.deepEqual(env('rediss://:hush@one.example,two.example:7000'), {
    REDIS_CLUSTER: 'one.example:6379,two.example:7000',
    REDIS_TLS: 'true',
    REDIS_PASSWORD_FILE: '/etc/gridlock/redis/password',
  });
  assert.equal(env('redis://one.example,two.example').REDIS_TLS, 'false');
});

const text = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' });

test('user and password come out as they were put in, and no variable holds the password', () => {
  fc.assert(
    fc.property(text, text, (user, password) => {
      const url = `rediss://${encodeURIComponent(user)}:${encodeURIComponent(password)}@cache.example:6379`;
      const found = parseRedisUrl(url);
      assert.deepEqual([found.username, found.password], [user, password]);
      const secret = `hush-${encodeURIComponent(password)}`;
      const values = externalEnv(parseRedisUrl(`rediss://u:${secret}@cache.example`)).map(({ value }) => String(value));
      assert.ok(values.every((value) => !value.includes('hush')));
    }),
  );
});

test('the Secret has the password as it is, and as a URL has it', async () => {
  const recording = await record(() => {
    new RedisExternal('redis', { namespace: 'apps', url: 'rediss://chat:a%40b@cache.example' });
  });
  const { stringData } = recording.one('kubernetes:core/v1:Secret').inputs;
  assert.deepEqual(stringData, { password: 'a@b', 'url-password': 'a%40b' });
});
