import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { until } from '../../../tests/kit/wait.ts';
import { adminOf, startRedis, type TestRedis } from '../testing/redis.ts';
import { Bus } from './bus.ts';

let redis: TestRedis;
before(async () => {
  redis = await startRedis();
});
after(() => redis?.stop());

test('a bus listens to a channel once the store has confirmed it, and no longer when the connection is gone', async (t) => {
  // Stays down once it is lost.
  const connect = () => new Redis(redis.url, { protocol: 2, retryStrategy: () => null });
  const bus = new Bus({ connect, onError: () => undefined });
  const admin = adminOf(redis);
  t.after(() => {
    bus.close();
    admin.disconnect();
  });
  assert.equal(bus.isListening('room'), false);
  const confirmed = new Promise<void>((resolve) =>
    bus.listen('room', { message: () => undefined, confirmed: resolve }),
  );
  assert.equal(bus.isListening('room'), false);
  await confirmed;
  assert.equal(bus.isListening('room'), true);
  assert.equal(bus.isListening('another room'), false);
  await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await until(() => !bus.isListening('room'), 'the loss of the connection is noticed');
});

test('a bus that stopped listening to a channel does not listen to it, whatever is confirmed later', async (t) => {
  const bus = new Bus({ connect: () => new Redis(redis.url, { protocol: 2 }), onError: () => undefined });
  t.after(() => bus.close());
  await new Promise<void>((resolve) => bus.listen('other', { message: () => undefined, confirmed: resolve }));
  bus.listen('room', { message: () => undefined });
  bus.unlisten('room');
  await new Promise<void>((resolve) => bus.listen('last', { message: () => undefined, confirmed: resolve }));
  assert.equal(bus.isListening('room'), false);
});
