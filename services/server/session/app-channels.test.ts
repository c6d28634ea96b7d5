import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v from 'valibot';
import { until } from '../../../tests/kit/wait.ts';
import { counter } from '../../apps/counter/counter.ts';
import { type AnyChannelRule, LIMITS } from '../../protocol/index.ts';
import { Channels } from '../history/channels.ts';
import { HistoryStore } from '../history/history-store.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { connectStore, disconnectStore } from '../redis/connect.ts';
import type { Replica } from '../replica.ts';
import { TestClient } from '../testing/client.ts';
import { ok } from '../testing/play.ts';
import { adminOf, startRedis, type TestRedis } from '../testing/redis.ts';
import { settingsOf, startTestReplica } from '../testing/replica.ts';

const rule = (name: string, given: Partial<AnyChannelRule> = {}): AnyChannelRule => ({
  name,
  data: v.strictObject({ x: v.number(), tags: v.optional(v.array(v.string())) }),
  subscribe: 'everyone',
  publish: 'everyone',
  history: { messages: 3, seconds: 60 },
  presence: false,
  ...given,
});
const channels = [
  rule('plain'),
  rule('present', { presence: true }),
  rule('spoken', { line: ({ x }) => `x is ${x}` }),
  rule('news', { publish: 'nobody' }),
  rule('private:*', { subscribe: ({ id }, channel) => channel === `private:${id}` }),
  rule('notes:{room}', { subscribe: 'members', publish: 'members' }),
  rule('billboard:{room}', { publish: 'members' }),
  rule('long', { data: v.string(), history: { messages: 1000, seconds: 60 } }),
  rule('mute', {
    data: v.pipe(
      v.unknown(),
      v.transform(() => undefined),
    ),
  }),
  rule('huge', {
    data: v.pipe(
      v.number(),
      v.transform((x) => BigInt(x)),
    ),
  }),
  rule('broken', {
    subscribe: () => {
      throw new Error('a mistake');
    },
  }),
];

let redis: TestRedis;
let replicas: Replica[];
before(async () => {
  redis = await startRedis();
  const perPlayer = { ...DEFAULT_LIMITS.perPlayer, gamesPerMinute: 1000 };
  const given = { limits: { ...DEFAULT_LIMITS, perPlayer } };
  replicas = await Promise.all(
    ['1111', '2222'].map((appId) => startTestReplica(redis.url, appId, given, { ...counter, channels })),
  );
});
after(async () => {
  for (const replica of replicas ?? []) await replica.drain();
  await redis?.stop();
});

/** The histories in the form in which a backend writes them, because no player may have so many. */
async function histories(context: { after(fn: () => void): void }): Promise<HistoryStore> {
  const store = connectStore(settingsOf(redis.url), 'test');
  context.after(() => disconnectStore(store));
  await until(() => store.status === 'ready', 'Redis is connected');
  return new HistoryStore({ redis: store, topology: 'single', replica: 'test' });
}

/** Players of both replicas, who are gone with the test. */
async function players(context: { after(fn: () => void): void }) {
  const both = await Promise.all(replicas.map(({ url }) => TestClient.connect(url)));
  context.after(() => both.forEach((client) => client.close()));
  return both as [TestClient, TestClient];
}
const subscribe = (client: TestClient, channel: string) => client.request({ type: 'subscribe', channel });
const publish = (client: TestClient, channel: string, data: unknown) =>
  client.request({ type: 'publish', channel, data });
const answer = ({ type, ...rest }: { type: string; code?: string }) => (type === 'error' ? rest.code : type);
const playerOf = async (client: TestClient) => (await client.next('welcome')).player;

test('a published message arrives unchanged on another replica, with the fields that its rule allows', async (t) => {
  const [ada, bob] = await players(t);
  for (const client of [ada, bob]) ok(await subscribe(client, 'plain'));
  const data = { x: 7, tags: ['a"b', '\u2028', '😀'] };
  const { epoch, seq } = ok(await publish(ada, 'plain', data));
  const { at, ...message } = await bob.next('message');
  const player = await playerOf(ada);
  assert.deepEqual(message, { type: 'message', channel: 'plain', epoch, seq, replica: '1111', player, data });
  assert.ok(Math.abs(at - Date.now()) < 60_000);
});

test('data that the channel does not allow is refused, and so is a message to an unknown channel', async (t) => {
  const [ada] = await players(t);
  ok(await subscribe(ada, 'plain'));
  for (const data of [null, {}, { x: '1' }, { x: 1, y: 2 }, 'text', [1]]) {
    assert.equal(answer(await publish(ada, 'plain', data)), 'bad_message', JSON.stringify(data));
  }
  for (const channel of ['plain2', 'private', 'notes:nobody', 'notes:']) {
    const refused = answer(await publish(ada, channel, { x: 1 }));
    assert.equal(refused, channel === 'notes:' ? 'bad_message' : 'channel_not_found', channel);
  }
});

test('a message has a line for terminals if the rule has one', async (t) => {
  const [ada] = await players(t);
  ok(await subscribe(ada, 'spoken'));
  ok(await publish(ada, 'spoken', { x: 4 }));
  assert.equal((await ada.next('message')).line, '1111:x is 4');
});

test('a history has as many messages as the rule keeps, and resumes after the one that was seen', async (t) => {
  const [ada, bob] = await players(t);
  ok(await subscribe(ada, 'present'));
  const acks = [];
  for (const x of [1, 2, 3, 4, 5]) acks.push(ok(await publish(ada, 'present', { x })));
  ok(await subscribe(bob, 'present'));
  const { messages, epoch } = await bob.next('history');
  assert.deepEqual(
    messages.map(({ data }) => data),
    [{ x: 3 }, { x: 4 }, { x: 5 }],
  );
  bob.received.length = 0;
  ok(await bob.request({ type: 'subscribe', channel: 'present', epoch, after: acks[3]!.seq! }));
  assert.deepEqual(
    (await bob.next('history')).messages.map(({ data }) => data),
    [{ x: 5 }],
  );
});

test('a history that is too large for a frame begins later', async (t) => {
  const [ada, bob] = await players(t);
  ok(await subscribe(ada, 'long'));
  const player = await playerOf(ada);
  const kept = new Channels({ type: { name: 'test', channels }, histories: await histories(t), replica: '1111' });
  const line = 'x'.repeat(4000);
  for (let from = 0; from < 200; from += 50) {
    const some = Array.from({ length: 50 }, (_, index) =>
      kept.publish({ player, backend: 'shop' }, `m${from + index}`, kept.read('long', line)),
    );
    await Promise.all(some);
  }
  ok(await subscribe(bob, 'long'));
  const { messages } = await bob.next('history');
  const bytes = Buffer.byteLength(JSON.stringify(messages));
  assert.equal(messages.at(-1)!.seq, 200);
  assert.ok(bytes < LIMITS.sendQueueBytes && bytes > LIMITS.sendQueueBytes / 2, `${bytes} bytes in one frame`);
});

test('presence is sent only in channels whose rule has presence', async (t) => {
  const [ada] = await players(t);
  ok(await subscribe(ada, 'plain'));
  ok(await subscribe(ada, 'present'));
  await ada.next('presence', ({ channel }) => channel === 'present');
  const admin = adminOf(redis);
  t.after(() => admin.disconnect());
  assert.deepEqual(await admin.keys('gridlock:{plain}:presence'), []);
  assert.ok(!ada.received.some((item) => item.type === 'presence' && item.channel === 'plain'));
});

test('nobody publishes where only backends may', async (t) => {
  const [ada] = await players(t);
  ok(await subscribe(ada, 'news'));
  assert.equal(answer(await publish(ada, 'news', { x: 1 })), 'not_allowed');
});

test('a function of the application decides who may subscribe', async (t) => {
  const [ada] = await players(t);
  const { id } = await playerOf(ada);
  ok(await subscribe(ada, `private:${id}`));
  assert.equal(answer(await subscribe(ada, 'private:bob')), 'not_allowed');
});

test('only members use a channel of a room, and only they publish in a public one', async (t) => {
  const [ada, bob] = await players(t);
  const room = ok(await ada.request({ type: 'create' })).game!;
  ok(await subscribe(ada, `notes:${room}`));
  assert.equal(answer(await subscribe(bob, `notes:${room}`)), 'game_not_found');
  for (const client of [ada, bob]) ok(await subscribe(client, `billboard:${room}`));
  ok(await subscribe(bob, 'billboard:ZZZZZZ'));
  assert.equal(answer(await publish(bob, 'billboard:ZZZZZZ', { x: 2 })), 'game_not_found');
  ok(await publish(ada, `billboard:${room}`, { x: 1 }));
  assert.equal(
    answer(await publish(bob, `billboard:${room}`, { x: 2 })),
    'game_not_found',
    'a code that leads nowhere is answered alike',
  );
  ok(await bob.request({ type: 'join', game: room }));
  ok(await subscribe(bob, `notes:${room}`));
  ok(await publish(bob, `billboard:${room}`, { x: 3 }));
});

test('leaving a room ends its channels', async (t) => {
  const [ada, bob] = await players(t);
  const room = ok(await ada.request({ type: 'create' })).game!;
  ok(await bob.request({ type: 'join', game: room }));
  for (const client of [ada, bob]) ok(await subscribe(client, `notes:${room}`));
  ok(await bob.request({ type: 'leave', game: room }));
  assert.equal(answer(await publish(bob, `notes:${room}`, { x: 1 })), 'not_subscribed');
  bob.received.length = 0;
  ok(await publish(ada, `notes:${room}`, { x: 2 }));
  await ada.next('message', ({ channel }) => channel === `notes:${room}`);
  ok(await subscribe(bob, 'plain'));
  assert.ok(!bob.received.some(({ type }) => type === 'message'));
});

test('an application that throws costs the request, not the connection', async (t) => {
  const [ada] = await players(t);
  assert.equal(answer(await subscribe(ada, 'broken')), 'app_failed');
  for (const channel of ['mute', 'huge']) {
    ok(await subscribe(ada, channel));
    assert.equal(answer(await publish(ada, channel, 1)), 'app_failed', `${channel} makes of it what is not JSON`);
  }
  ok(await subscribe(ada, 'plain'));
});

test('a connection has at most the allowed number of channels', async (t) => {
  const [ada] = await players(t);
  const { id } = await playerOf(ada);
  const names = ['plain', 'present', 'spoken', 'news', `private:${id}`];
  for (let count = 0; names.length <= LIMITS.channelsPerConnection; count += 1) {
    names.push(`billboard:${'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'[count]}AAAAA`);
  }
  for (const [index, name] of names.entries()) {
    const expected = index < LIMITS.channelsPerConnection ? 'ack' : 'too_many_channels';
    assert.equal(answer(await subscribe(ada, name)), expected, `${index}`);
  }
});
