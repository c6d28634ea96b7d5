import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v from 'valibot';
import { until } from '../../../tests/kit/wait.ts';
import { counter } from '../../apps/counter/counter.ts';
import { type AnyChannelRule, LIMITS } from '../../protocol/index.ts';
import type { Replica } from '../replica.ts';
import { TestClient } from '../testing/client.ts';
import { ok } from '../testing/play.ts';
import { adminOf, startRedis, type TestRedis } from '../testing/redis.ts';
import { startTestReplica } from '../testing/replica.ts';

const rule = (name: string, given: Partial<AnyChannelRule> = {}): AnyChannelRule => ({
  name,
  data: v.strictObject({ x: v.number() }),
  subscribe: 'everyone',
  publish: 'everyone',
  history: 'none',
  presence: false,
  ...given,
});
const channels = [
  rule('pointers'),
  rule('pointers:{room}', { subscribe: 'members', publish: 'members' }),
  rule('talk', { history: { messages: 3, seconds: 60 } }),
];

let redis: TestRedis;
let replicas: Replica[];
before(async () => {
  redis = await startRedis();
  const start = (appId: string) => startTestReplica(redis.url, appId, {}, { ...counter, channels });
  replicas = await Promise.all(['1111', '2222'].map(start));
});
after(async () => {
  for (const replica of replicas ?? []) await replica.drain();
  await redis?.stop();
});

async function players(context: { after(fn: () => void): void }): Promise<[TestClient, TestClient]> {
  const both = await Promise.all(replicas.map(({ url }) => TestClient.connect(url)));
  context.after(() => both.forEach((client) => client.close()));
  return both as [TestClient, TestClient];
}
const subscribe = (client: TestClient, channel: string) => client.request({ type: 'subscribe', channel });
const publish = (client: TestClient, channel: string, data: unknown) =>
  client.request({ type: 'publish', channel, data });
const answer = ({ type, ...rest }: { type: string; code?: string }) => (type === 'error' ? rest.code : type);

/** A subscription reaches Redis a moment after it is answered. A signal that is published before that is lost. */
async function heardBy(count: number, channel: string, context: { after(fn: () => void): void }): Promise<void> {
  const admin = adminOf(redis);
  context.after(() => admin.disconnect());
  const key = `gridlock:{${channel}}:signals`;
  await until(async () => {
    const [, listeners] = (await admin.call('PUBSUB', 'SHARDNUMSUB', key)) as [string, number];
    return listeners === count;
  }, `${count} replicas listen to ${key}`);
}

test('a signal reaches the subscribers on every replica, has no place in a history, and leaves nothing in the store', async (t) => {
  const [ada, bob] = await players(t);
  for (const client of [ada, bob]) {
    const { epoch, seq } = ok(await subscribe(client, 'pointers'));
    assert.deepEqual([epoch, seq], [undefined, undefined]);
  }
  await heardBy(2, 'pointers', t);
  const { epoch, seq } = ok(await publish(ada, 'pointers', { x: 7 }));
  assert.deepEqual([epoch, seq], [undefined, undefined]);
  const { player } = await ada.next('welcome');
  for (const client of [ada, bob]) {
    const { at, ...signal } = await client.next('signal');
    assert.deepEqual(signal, { type: 'signal', channel: 'pointers', player, data: { x: 7 } });
    assert.ok(Math.abs(at - Date.now()) < 60_000);
  }
  const admin = adminOf(redis);
  t.after(() => admin.disconnect());
  assert.deepEqual(await admin.keys('*{pointers}*'), []);
  const late = await TestClient.connect(replicas[1]!.url);
  t.after(() => late.close());
  ok(await subscribe(late, 'pointers'));
  ok(await subscribe(late, 'talk'));
  await late.next('history');
  assert.ok(!late.received.some((item) => item.type === 'signal'));
});

test('signals are for the members of a room, and stop when a player leaves it', async (t) => {
  const [ada, bob] = await players(t);
  const game = ok(await ada.request({ type: 'create' })).game!;
  const channel = `pointers:${game}`;
  // A room that a player is not in is answered like a missing room.
  assert.equal(answer(await subscribe(bob, channel)), 'game_not_found');
  assert.equal(answer(await publish(bob, channel, { x: 1 })), 'not_subscribed');
  ok(await bob.request({ type: 'join', game }));
  for (const client of [ada, bob]) ok(await subscribe(client, channel));
  await heardBy(2, channel, t);
  ok(await publish(ada, channel, { x: 1 }));
  await bob.next('signal');
  ok(await bob.request({ type: 'leave', game }));
  assert.equal(answer(await publish(bob, channel, { x: 2 })), 'not_subscribed');
  await heardBy(1, channel, t);
});

test('data that the channel does not carry is refused', async (t) => {
  const [ada] = await players(t);
  ok(await subscribe(ada, 'pointers'));
  for (const data of [null, {}, { x: '1' }, { x: 1, y: 2 }]) {
    assert.equal(answer(await publish(ada, 'pointers', data)), 'bad_message', JSON.stringify(data));
  }
});

test('signals have a separate rate, which does not affect that of the chat', async (t) => {
  const [ada] = await players(t);
  for (const channel of ['pointers', 'talk']) ok(await subscribe(ada, channel));
  const most = 2 * LIMITS.signalsPerSecond;
  const answers = [];
  for (let x = 0; x < most; x += 1) answers.push(answer(await publish(ada, 'pointers', { x })));
  assert.deepEqual(new Set(answers), new Set(['ack']));
  const more = await Promise.all(Array.from({ length: 10 }, (_, x) => publish(ada, 'pointers', { x })));
  assert.ok(more.map(answer).includes('rate_limited'));
  ok(await publish(ada, 'talk', { x: 1 }));
});
