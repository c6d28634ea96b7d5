import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, test } from 'node:test';
import { connectStore, type Store } from '../redis/connect.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { settingsOf } from '../testing/replica.ts';
import { HistoryStore } from './history-store.ts';

let redis: TestRedis | undefined;
let store: Store | undefined;
afterEach(async () => {
  store?.disconnect();
  await redis?.stop();
});

async function noticesOf(config: string[]): Promise<string[]> {
  redis = await startRedis({ config });
  store = connectStore(settingsOf(redis.url), 'notices');
  await once(store, 'ready');
  const notices: string[] = [];
  const histories = new HistoryStore({
    redis: store,
    topology: 'single',
    replica: 'test',
    onNotice: (sentence) => notices.push(sentence),
  });
  await histories.inspect();
  await histories.inspect();
  return notices;
}

test('a Redis that throws data away when it is full is warned of, once', async () => {
  assert.deepEqual(await noticesOf(['maxmemory 64mb', 'maxmemory-policy volatile-lru']), [
    'Redis throws away parts of games when it is full (maxmemory-policy volatile-lru): set it to noeviction.',
  ]);
});

test('a Redis that refuses writes when it is full, or has no bound, is not warned of', async () => {
  assert.deepEqual(await noticesOf(['maxmemory 64mb', 'maxmemory-policy noeviction']), []);
  store?.disconnect();
  await redis?.stop();
  assert.deepEqual(await noticesOf(['maxmemory-policy allkeys-lru']), []);
});
