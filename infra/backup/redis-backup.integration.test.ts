// Backup and restore with the real Redis, and with the files and scripts that a cluster gets.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Redis } from 'ioredis';
import { until } from '../../tests/kit/wait.ts';
import { type RedisPod, type RedisSet, redisSet } from '../components/redis/testing/redis-pods.ts';
import { ClusterError, type Pods } from './pods.ts';
import { backUpRedis, requireSnapshot, restoreRedis } from './redis-backup.ts';
import { commandsOf } from './redis-commands.ts';

const CLUSTER = 'gridlock';
let set: RedisSet;
let pod: RedisPod;
let client: Redis;
let servers = '';

/** Two pods, of which the first does not answer. */
const pods: Pods = {
  script: async (name, script, input) => {
    if (name !== pod.name) throw new ClusterError(`${name} does not answer.`);
    return pod.pipe(script, input && Buffer.from(input));
  },
  kubectl: async (args) =>
    Buffer.from(args.join().includes('name=redis') ? `pod/gridlock-redis-0\npod/${pod.name}\n` : servers),
};

const stored = async () => ({
  text: await client.get('gridlock:text'),
  hash: await client.hgetall('gridlock:{room}:hash'),
  ranked: await client.zrange('gridlock:ranked', '0', '-1', 'WITHSCORES'),
  stream: await client.xrange('gridlock:{room}:stream', '-', '+'),
});

before(async () => {
  set = await redisSet();
  pod = set.pods[1] as RedisPod;
  pod.become('single');
  pod.start('start-single');
  client = pod.connect('gridlock');
  await until(async () => (await pod.run('probe', 'ready')).code === 0, 'Redis is ready', 60_000);
  await client.set('gridlock:text', 'Größe \u0000\r\n', 'EX', 1000);
  await client.hset('gridlock:{room}:hash', { one: '1', two: '2' });
  await client.zadd('gridlock:ranked', 1.5, 'ada', 2, 'bob');
  for (let number = 0; number < 300; number += 1)
    await client.xadd('gridlock:{room}:stream', '*', 'event', String(number));
  await client.xtrim('gridlock:{room}:stream', 'MAXLEN', 200);
});

after(async () => {
  client?.disconnect();
  await set?.stop();
});

test('everything is as it was when the backup was taken, and what came later is gone', async () => {
  const before = await stored();
  assert.equal(before.stream.length, 200);
  const snapshot = await backUpRedis(pods, 'play', CLUSTER);
  await client.set('gridlock:later', '1');
  await client.del('gridlock:{room}:stream', 'gridlock:ranked');
  await client.hset('gridlock:{room}:hash', { one: 'changed' });
  await restoreRedis(pods, 'play', CLUSTER, snapshot);
  assert.deepEqual(await stored(), before);
  assert.equal(await client.exists('gridlock:later'), 0);
  const left = await client.ttl('gridlock:text');
  assert.ok(left > 900 && left <= 1000, `${left} s are left`);
});

test('what was restored is on disk: it is there after Redis is killed', async () => {
  const restored = await stored();
  await pod.stop('SIGKILL', 'start-single');
  pod.start('start-single');
  await until(async () => (await pod.run('probe', 'ready')).code === 0, 'Redis is ready again', 60_000);
  assert.deepEqual(await stored(), restored);
});

test('nothing is touched while servers run, because they would go on with their old state', async () => {
  const before = await stored();
  const snapshot = await backUpRedis(pods, 'play', CLUSTER);
  servers = 'pod/gridlock-1\npod/gridlock-2\n';
  try {
    await assert.rejects(restoreRedis(pods, 'play', CLUSTER, snapshot), /2 servers run on this Redis.*--replicas 0/);
  } finally {
    servers = '';
  }
  assert.deepEqual(await stored(), before);
});

test('a snapshot that is cut short or damaged is refused before anything is touched', async () => {
  const before = await stored();
  const snapshot = await backUpRedis(pods, 'play', CLUSTER);
  assert.throws(
    () => requireSnapshot(snapshot.subarray(0, -20), 'the file'),
    /the file is not a complete snapshot of Redis/,
  );
  const damaged = Buffer.from(snapshot);
  damaged[damaged.length - 1] = (damaged.at(-1) as number) ^ 1;
  await assert.rejects(commandsOf(damaged), (error: Error) => {
    assert.ok(error instanceof ClusterError);
    assert.match(error.message, /^The snapshot cannot be read: /);
    return true;
  });
  assert.deepEqual(await stored(), before);
});
