import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  memoryLimitMib,
  redisConfig,
  replicatedRedisConfig,
  SENTINEL_TIMES,
  sentinelConfig,
  topologyEnv,
} from './redis-config.ts';

const options = { persistence: 'always', memoryMib: 256 } as const;
const lines = (text: string): string[] => text.split('\n');

test('Redis accepts only TLS and users with passwords, and evicts nothing', () => {
  const found = lines(redisConfig(options));
  for (const line of [
    'port 0',
    'tls-port 6379',
    'appendonly yes',
    'appendfsync always',
    'no-appendfsync-on-rewrite no',
    'maxmemory-policy noeviction',
    'tls-auth-clients no',
    'aclfile /etc/gridlock/secrets/redis.acl',
  ]) {
    assert.ok(found.includes(line), line);
  }
});

test('the persistence is the configured one', () => {
  assert.ok(lines(redisConfig({ ...options, persistence: 'everysec' })).includes('appendfsync everysec'));
});

test('half of the memory is left for rewriting the file, of which each page may exist twice', () => {
  const [, mebibytes] = /^maxmemory (\d+)mb$/m.exec(redisConfig(options)) ?? [];
  assert.equal(Number(mebibytes), options.memoryMib);
  assert.ok(Number(mebibytes) <= memoryLimitMib(options.memoryMib) / 2);
});

test('a replicated Redis refuses writes without a replica that keeps up', () => {
  const found = lines(replicatedRedisConfig(options));
  for (const line of ['min-replicas-to-write 1', 'min-replicas-max-lag 10', 'tls-replication yes']) {
    assert.ok(found.includes(line), line);
  }
});

test('a lost primary is noticed before clients give up, and no configuration holds a password', () => {
  assert.ok(SENTINEL_TIMES.downAfterMs <= 5000);
  const { head, settings } = sentinelConfig();
  assert.ok(lines(head).includes('sentinel announce-hostnames yes'));
  assert.ok(lines(settings).includes(`sentinel down-after-milliseconds gridlock ${SENTINEL_TIMES.downAfterMs}`));
  assert.doesNotMatch(head + settings + replicatedRedisConfig(options), /auth-pass|requirepass|masterauth/);
});

test('the scripts know the members by names that outlive their pods', () => {
  assert.equal(
    topologyEnv('chat', 'play').MEMBERS,
    [0, 1, 2].map((number) => `chat-redis-${number}.play.svc:6379:26379`).join(' '),
  );
});
