// The files and scripts a cluster gets, run as processes: three pods, each Redis with its sentinel and
// keeper.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import { object, parse } from 'valibot';
import { connectStore } from '../../../services/server/redis/connect.ts';
import { REDIS_VARIABLES, type RedisSettings, redisSettings } from '../../../services/server/redis/settings.ts';
import type { Replica } from '../../../services/server/replica.ts';
import {
  assertGapless,
  isOver,
  positionsSeen,
  retryUntilSettled,
  sequence,
  startedGame,
} from '../../../services/server/testing/play.ts';
import { startTestReplica } from '../../../services/server/testing/replica.ts';
import { until } from '../../../tests/kit/wait.ts';
import { CA_FILE, SENTINEL_TIMES } from './redis-config.ts';
import { memberNames, ownRedisEnv, passwordFile, REDIS_TRUST_DIRECTORY, sentinelRedisEnv } from './redis-connection.ts';
import { loseVolume, PASSWORDS, type RedisPod, type RedisSet, redisSet } from './testing/redis-pods.ts';
import { everyReady, everySettled, field, namedPort, primaryOf, servedSerial } from './testing/redis-questions.ts';

let set: RedisSet;
/** Asks as a replica does: through the sentinels. */
let client: Redis;

/**
 * A failed election is repeated after twice the time of a failover, and a sentinel that was held up replaces no primary
 * for 30 s.
 */
const LONG = 2 * SENTINEL_TIMES.failoverTimeoutMs + 30_000 + 20_000;
/** A connection that ends with the test. */
function connected(t: TestContext, pod: RedisPod, user: 'gridlock' | 'keeper', to?: 'sentinel'): Redis {
  const redis = pod.connect(user, to);
  t.after(() => redis.disconnect());
  return redis;
}

const primary = () => primaryOf(set, LONG);
/** A primary is killed only when no sentinel is still busy with the previous one. */
const allReady = async () => {
  await everyReady(set, LONG);
  await everySettled(set, LONG);
};
const follows = async (pod: RedisPod) => assert.match(await field(pod, 'replication', 'role'), /slave/);

/** Resolves when the value written under the key can be read. */
const served = (key: string) => {
  const isRead = () =>
    client.get(`gridlock:${key}`).then(
      (value) => value === key,
      () => false,
    );
  return until(isRead, 'it is served', LONG);
};

const written = async (key: string): Promise<string> => {
  await until(
    () =>
      client.set(`gridlock:${key}`, key).then(
        () => true,
        () => false,
      ),
    `a write is accepted`,
    LONG,
  );
  return key;
};

/** The settings that a replica derives from its variables in a cluster, with these addresses and files. */
function replicaSettings(): RedisSettings {
  const given = Object.fromEntries(
    [...sentinelRedisEnv, ...ownRedisEnv({ configMap: 'x', key: CA_FILE })].map(({ name, value }) => [name, value]),
  );
  const sentinels = set.pods.map(({ sentinelPort }) => `localhost:${sentinelPort}`).join(',');
  const files: Record<string, () => string> = {
    [passwordFile]: () => PASSWORDS.gridlock,
    [`${REDIS_TRUST_DIRECTORY}/${CA_FILE}`]: () => readFileSync(path.join(set.pods[0]!.paths.trust, CA_FILE), 'utf8'),
  };
  return redisSettings(
    parse(object(REDIS_VARIABLES), { ...given, REDIS_SENTINELS: sentinels }),
    (_variable, file) => files[file]!(),
    (sentence) => assert.fail(sentence),
  );
}

before(async () => {
  set = await redisSet();
  for (const pod of set.pods) pod.startAll();
  await allReady();
  client = connectStore(replicaSettings(), 'replica') as Redis;
  client.on('error', () => undefined);
});

after(async () => {
  client?.disconnect();
  await set?.stop();
});

test('three empty pods become a primary and two replicas that know each other', async () => {
  const first = await primary();
  assert.equal(first.name, memberNames('gridlock')[0]);
  await until(async () => (await field(first, 'replication', 'connected_slaves')) === '2', 'both follow', LONG);
  await everySettled(set, LONG);
  await written('first');
});

test('no client gets in without a password, and a replica may touch only its own keys', async (t) => {
  const pod = await primary();
  const nobody = new Redis(pod.redisPort, 'localhost', {
    tls: { rejectUnauthorized: false },
    enableReadyCheck: false,
    retryStrategy: () => null,
    disableClientInfo: true,
  });
  nobody.on('error', () => undefined);
  t.after(() => nobody.disconnect());
  await assert.rejects(nobody.get('gridlock:first'), /NOAUTH/);
  const replica = connected(t, pod, 'gridlock');
  await assert.rejects(replica.get('other'), /NOPERM/);
  await assert.rejects(replica.publish('other', ''), /NOPERM/);
  await assert.rejects(replica.flushall(), /NOPERM/);
  await assert.rejects(replica.config('GET', 'masterauth'), /NOPERM/);
});

test('a renewed certificate is served by Redis without closing a connection, and by each sentinel', async (t) => {
  const pod = await primary();
  const standing = connected(t, pod, 'gridlock');
  await standing.set('gridlock:standing', '1');
  let closed = false;
  standing.on('close', () => (closed = true));
  const serial = new X509Certificate(await set.renew()).serialNumber;
  for (const { redisPort, sentinelPort } of set.pods) {
    for (const port of [redisPort, sentinelPort]) {
      await until(async () => (await servedSerial(port)) === serial, `port ${port} serves the new certificate`, LONG);
    }
  }
  assert.equal(await standing.get('gridlock:standing'), '1');
  assert.equal(closed, false);
  assert.ok(
    set.pods.every((each) => each.isRunning('start-sentinel')),
    'no sentinel container ended',
  );
  await primary();
});

test('a primary that is stopped on purpose hands over, and no acknowledged write is missing afterwards', async (t) => {
  await allReady();
  const before = await primary();
  const acknowledged: string[] = [];
  let writing = true;
  t.after(() => (writing = false));
  const writer = (async () => {
    for (let number = 0; writing; number += 1) {
      const key = `gridlock:handed:${number}`;
      await client.set(key, '1').then(
        () => acknowledged.push(key),
        () => new Promise((resolve) => setTimeout(resolve, 20)),
      );
    }
  })();
  await until(() => acknowledged.length > 50, 'writes are under way', LONG);
  const { code, output } = await before.run('hand-over');
  assert.deepEqual([code, output], [0, '']);
  await before.stop('SIGTERM', 'start-redis');
  const after = await primary();
  assert.notEqual(after.name, before.name);
  const count = acknowledged.length;
  await until(() => acknowledged.length > count + 50, 'writes go on at the next primary', LONG);
  writing = false;
  await writer;
  const found = await Promise.all(acknowledged.map((key) => client.get(key)));
  assert.equal(found.filter((value) => value !== '1').length, 0);
  before.start('start-redis');
  await allReady();
  await follows(before);
});

test('a game goes on, without a gap, while the primary hands over', async (t) => {
  await allReady();
  const replicas = await Promise.all(['1111', '2222'].map((appId) => startTestReplica(replicaSettings(), appId)));
  t.after(() => Promise.all(replicas.map((replica) => replica.drain())));
  const [one, two] = replicas as [Replica, Replica];
  const { ada, bob, game } = await startedGame([one.url, two.url], 12, 300);
  let acknowledged = 0;
  const onAck = () => void (acknowledged += 1);
  const played = Promise.all([
    retryUntilSettled(ada, game, sequence(0, 71), onAck),
    retryUntilSettled(bob, game, sequence(72, 143), onAck),
  ]);
  await until(() => acknowledged > 20, 'the game is under way');
  const before = await primary();
  assert.deepEqual(await before.run('hand-over'), { code: 0, output: '' });
  await before.stop('SIGTERM', 'start-redis');
  await played;
  for (const client of [ada, bob]) {
    await until(() => isOver(client, game), 'all players saw the end', LONG);
    assertGapless(client, game);
    client.close();
  }
  positionsSeen([ada, bob]);
  before.start('start-redis');
  await allReady();
});

test('a primary that crashes is replaced, and comes back as a replica', async () => {
  await allReady();
  const before = await primary();
  const key = await written('crash');
  await before.stop('SIGKILL', 'start-redis');
  await until(async () => (await namedPort(before)) !== before.redisPort, 'another one is named', LONG);
  assert.notEqual((await primary()).name, before.name);
  await served(key);
  before.start('start-redis');
  await allReady();
  await follows(before);
});

test('a primary whose volume is lost waits until another has taken over, so that no replica copies an empty data set', async () => {
  await allReady();
  const before = await primary();
  const key = await written('volume');
  await before.stop('SIGKILL');
  loseVolume(before);
  before.startAll();
  await allReady();
  assert.notEqual((await primary()).name, before.name);
  await served(key);
});

test('a primary without replicas refuses writes, because another may have replaced it', async (t) => {
  await allReady();
  const one = await primary();
  const others = set.pods.filter((pod) => pod !== one);
  await Promise.all(others.map((pod) => pod.stop('SIGKILL')));
  const replica = connected(t, one, 'gridlock');
  await until(
    () =>
      replica.set('gridlock:alone', '1').then(
        () => false,
        ({ message }) => /NOREPLICAS/.test(message),
      ),
    'a write is refused',
    LONG,
  );
  for (const pod of others) pod.startAll();
  await allReady();
});

test('after all three stopped, the set comes back with its data and its roles', async () => {
  const key = await written('all');
  const before = await primary();
  // Two writes of one script are one transaction in the file, which Redis reads as the user that is off.
  const script = "redis.call('SET', KEYS[1], '1') redis.call('SET', KEYS[2], '1') return 1";
  assert.equal(await client.eval(script, 2, 'gridlock:{pair}:one', 'gridlock:{pair}:two'), 1);
  await Promise.all(set.pods.map((pod) => pod.stop('SIGKILL')));
  // One sentinel alone replaces no primary, so a slow start does not change the primary.
  before.startAll();
  await until(async () => (await field(before, 'replication', 'role')) === 'master', 'the primary is back', LONG);
  for (const pod of set.pods.filter((each) => each !== before)) pod.startAll();
  await allReady();
  assert.equal((await primary()).name, before.name);
  await served(key);
  assert.equal(await client.get('gridlock:{pair}:two'), '1');
});

test('the probes distinguish running from dead processes', async () => {
  const [pod] = set.pods as [RedisPod];
  for (const what of ['alive', 'ready', 'sentinel', 'quorum']) {
    assert.deepEqual(await pod.run('probe', what), { code: 0, output: '' }, what);
  }
  await pod.stop('SIGTERM');
  for (const what of ['alive', 'ready', 'sentinel', 'quorum']) {
    assert.notEqual((await pod.run('probe', what)).code, 0, what);
  }
});
