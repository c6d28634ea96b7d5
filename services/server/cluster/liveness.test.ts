import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import { TestClient } from '../testing/client.ts';
import { startProxy } from '../testing/proxy.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { startTestReplica } from '../testing/replica.ts';

let redis: TestRedis;

before(async () => {
  redis = await startRedis();
});
after(async () => {
  await redis?.stop();
});

test('connections to Redis that are open but pass nothing make the replica not ready, and are replaced', async () => {
  const proxy = await startProxy(redis.port);
  const replica = await startTestReplica(`redis://127.0.0.1:${proxy.port}`, '1111');
  const client = await TestClient.connect(replica.url);
  proxy.freeze();
  await until(() => replica.readiness.reason !== undefined, 'the replica is not ready');
  const health = await fetch(`${replica.internalUrl}/healthz`);
  assert.equal(health.status, 200);
  await until(() => replica.readiness.reason === undefined, 'the replica is ready again', 20_000);
  assert.equal((await client.request({ type: 'create', players: 2 })).type, 'ack');
  client.close();
  await replica.drain();
  await proxy.stop();
});

test('a silent peer is dropped within two heartbeats, and a peer that answers is not', async () => {
  // Long enough to hear a peer that answers, even if the machine pauses for a while.
  const heartbeatMs = 2000;
  const replica = await startTestReplica(redis.url, '1111', { heartbeatMs });
  const from = performance.now();
  const [silent, answering] = await Promise.all([
    TestClient.connect(replica.url, undefined, { autoPong: false }),
    TestClient.connect(replica.url),
  ]);
  assert.equal(await silent.closed(), 4408);
  const took = performance.now() - from;
  // Not too early either. How late it happens depends on the load of the machine.
  assert.ok(took > 1.5 * heartbeatMs, `${took} ms`);
  assert.equal(replica.sockets.size, 1);
  await until(() => performance.now() - from > 4 * heartbeatMs, 'two more heartbeats have passed');
  assert.equal(answering.closeCode, undefined);
  answering.close();
  await replica.drain();
});

test('a drain tells the clients when to come back, closes them with 1012 and accepts no new ones', async () => {
  const replica = await startTestReplica(redis.url, '1111', { drainMs: 3000 });
  const clients = await Promise.all(Array.from({ length: 8 }, () => TestClient.connect(replica.url)));
  const drained = replica.drain();
  assert.equal(replica.readiness.reason, 'draining');
  const answer = await fetch(`${replica.internalUrl}/readyz`);
  assert.deepEqual([answer.status, await answer.text()], [503, 'draining\n']);
  await assert.rejects(fetch(`${replica.url}/api/session`, { method: 'POST' }), 'the listener is closed');
  const notices = await Promise.all(clients.map((client) => client.next('going_away')));
  assert.ok(new Set(notices.map(({ reconnectAfterMs }) => reconnectAfterMs)).size > 1, 'the delays differ');
  assert.deepEqual(new Set(await Promise.all(clients.map((client) => client.closed()))), new Set([1012]));
  await drained;
});

test('players of a replica that crashed are no longer present after a heartbeat', async () => {
  // The remains count for 7.2 s, which is long enough to be seen even if the machine pauses for a while.
  const heartbeatMs = 12_000;
  const replica = await startTestReplica(redis.url, '1111', { heartbeatMs });
  const client = await TestClient.connect(replica.url);
  await client.request({ type: 'subscribe', channel: 'lobby' });
  await client.next('presence', ({ count }) => count === 1);
  // The remains of a replica that was killed just after renewing its report.
  const { Redis } = await import('ioredis');
  const admin = new Redis(redis.url, { protocol: 2 });
  const report = { until: Date.now() + heartbeatMs * 0.6, count: 1, players: [{ id: 'ghost', name: 'Ghost' }] };
  await admin.hset('gridlock:{lobby}:presence', '9999', JSON.stringify(report));
  await client.next('presence', ({ players }) => players.some(({ id }) => id === 'ghost'));
  const counts = () => client.received.filter((item) => item.type === 'presence').map(({ count }) => count);
  await until(() => counts().at(-1) === 1, 'the ghost is gone', 2 * heartbeatMs);
  admin.disconnect();
  client.close();
  await replica.drain();
});
