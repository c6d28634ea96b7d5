import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import { connectStore, type Store } from '../redis/connect.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { settingsOf } from '../testing/replica.ts';
import { StoreStats } from './store-stats.ts';

let server: TestRedis;
let redis: Store;
before(async () => {
  server = await startRedis();
  redis = connectStore(settingsOf(server.url), 'stats');
  redis.on('error', () => undefined);
  await until(() => redis.status === 'ready', 'Redis is connected');
});
after(async () => {
  redis?.disconnect();
  await server?.stop();
});

test('a node tells its memory against the limit, its commands, clients and copies', async () => {
  await redis.config('SET', 'maxmemory', '64mb');
  const { nodes, problem } = await new StoreStats(redis).read(1000);
  assert.equal(problem, undefined);
  const { memory, clients, commandsPerSecond, ...rest } = nodes[0]!;
  assert.ok(memory > 100_000 && clients >= 1 && commandsPerSecond >= 0, JSON.stringify(nodes));
  const { hostname, port } = new URL(server.url);
  assert.deepEqual(rest, {
    ...{ name: `${hostname}:${port}`, role: 'master', memoryLimit: 64 * 2 ** 20, evicted: 0, isWriting: true },
    replicas: [],
  });
});

test('a slow command is listed with its keys, and without what players wrote', async () => {
  await redis.config('SET', 'slowlog-log-slower-than', '0');
  await redis.set('gridlock:{ops}:example', 'a secret of a player', 'EX', 60);
  await redis.config('SET', 'slowlog-log-slower-than', '-1');
  const { slow, slowProblem } = await new StoreStats(redis).read();
  const one = slow.find(({ text }) => text.startsWith('SET'));
  assert.equal(one?.text, 'SET gridlock:{ops}:example', JSON.stringify([slow, slowProblem]));
  assert.doesNotMatch(JSON.stringify(slow), /secret/);
});

test('a Redis that does not let the slow log be read is shown all the same, with why', async () => {
  await redis.acl(
    'SETUSER',
    'reader',
    'on',
    '>word',
    'resetkeys',
    '-@all',
    '+info',
    '+ping',
    '+hello',
    '+client|setname',
  );
  const url = new URL(server.url);
  Object.assign(url, { username: 'reader', password: 'word' });
  const reader = connectStore({ ...settingsOf(server.url), username: 'reader', password: 'word' }, 'reader');
  reader.on('error', () => undefined);
  await until(() => reader.status === 'ready', 'the reader is connected');
  const { nodes, slowProblem } = await new StoreStats(reader).read();
  assert.equal(nodes.length, 1);
  assert.match(slowProblem!, /^Redis does not let this replica read its slow log: NOPERM/);
  reader.disconnect();
});

test('a Redis that is away is said to be', async () => {
  await server.kill();
  await until(() => redis.status !== 'ready', 'the connection is lost');
  const { nodes, problem } = await new StoreStats(redis).read();
  assert.deepEqual(nodes, []);
  assert.match(problem!, /^Redis does not answer: /);
});
