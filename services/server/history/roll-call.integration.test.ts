import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, test } from 'node:test';
import { grid } from '../../apps/grid/grid.ts';
import { connectNode } from '../redis/connect.ts';
import { cutLog, logSize, startRedis, type TestRedis } from '../testing/redis.ts';
import { settingsOf } from '../testing/replica.ts';
import { Channels } from './channels.ts';
import { HistoryStore } from './history-store.ts';

const PLAYER = { id: 'p1', name: 'Ada' };

let redis: TestRedis;
let ada: Side;
let bob: Side;

/** The part of a replica that keeps a channel, which nobody follows. */
async function side(replica: string) {
  const store = connectNode(settingsOf(redis.url), replica);
  store.on('error', () => undefined);
  await once(store, 'ready');
  const histories = new HistoryStore({ redis: store, topology: 'single', replica });
  await histories.inspect();
  const channels = new Channels({ type: grid, histories, replica });
  return {
    histories,
    store,
    say: (text: string) => channels.publish({ player: PLAYER, generation: 1 }, text, channels.read('lobby', { text })),
    recent: () => channels.recent('lobby'),
    back: async () => {
      if (store.status !== 'ready') await once(store, 'ready');
      await histories.inspect();
    },
  };
}
type Side = Awaited<ReturnType<typeof side>>;

beforeEach(async () => {
  redis = await startRedis();
  bob = await side('bob');
});
afterEach(async () => {
  for (const { store } of [ada, bob]) store.disconnect();
  await redis.stop();
});

/** Restarts Redis with no more of its log than that. */
async function restart(size: number): Promise<void> {
  await redis.kill();
  cutLog(redis, size);
  await redis.restart();
}

test('an answer counts as seen by the replica that gave it, even if nobody there follows the history', async () => {
  ada = await side('ada');
  const kept = await ada.say('kept');
  const size = logSize(redis);
  await ada.say('lost');
  await restart(size);
  await Promise.all([ada.back(), bob.back()]);
  const next = await bob.say('next');
  assert.notEqual(next.epoch, kept.epoch);
});

test('a replica of which the log lost the name is waited for by those who remember it', async () => {
  const kept = await bob.say('kept');
  const size = logSize(redis);
  ada = await side('ada');
  await bob.histories.inspect();
  await ada.say('lost');
  ada.store.disconnect();
  await restart(size);
  await bob.back();
  const next = await bob.say('next');
  assert.notEqual(next.epoch, kept.epoch);
});

test('a replica that was forgotten and comes late finds out what others used again, and opens a new epoch', async () => {
  ada = await side('ada');
  // As after a long silence.
  await bob.store.hdel('gridlock:{replicas}:roll', 'ada');
  const kept = await ada.say('kept');
  const size = logSize(redis);
  for (const text of ['lost', 'gone']) await ada.say(text);
  ada.store.disconnect();
  await restart(size);
  await bob.back();
  for (const text of ['next', 'after', 'last']) await bob.say(text);
  assert.equal((await bob.recent()).epoch, kept.epoch);
  await ada.store.connect();
  await ada.back();
  assert.notEqual((await bob.recent()).epoch, kept.epoch);
});

test('a replica that left is not waited for', async () => {
  ada = await side('ada');
  const kept = await ada.say('kept');
  await ada.histories.leave();
  await bob.histories.inspect();
  ada.store.disconnect();
  await restart(logSize(redis));
  await bob.back();
  assert.deepEqual(await bob.say('next'), { ...kept, seq: kept.seq + 1 });
});
