import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import type { Replica } from '../replica.ts';
import { Backend, KeysFile, newKey, newsApp } from '../testing/backend.ts';
import { TestClient } from '../testing/client.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { startTestReplica } from '../testing/replica.ts';

const [KEY, OTHER_KEY] = [newKey(), newKey()];
const ADA = { id: 'ada', name: 'Ada' };
const CHANNEL = 'news:today';
const PLACE = `/channels/${CHANNEL}/messages`;

let redis: TestRedis;
let keysFile: KeysFile;
let replicas: Replica[] = [];
let one: Backend;
let two: Backend;
before(async () => {
  keysFile = new KeysFile(`shop:${KEY}`, `game:${OTHER_KEY}`);
  redis = await startRedis();
  const given = { apiKeysFile: keysFile.path };
  replicas = await Promise.all(['1111', '2222'].map((appId) => startTestReplica(redis.url, appId, given, newsApp)));
  one = new Backend(replicas[0]!.url, KEY);
  two = new Backend(replicas[1]!.url, KEY);
});
after(async () => {
  await Promise.all(replicas.map((replica) => replica.drain()));
  await redis?.stop();
  keysFile?.remove();
});

test('a message from a backend arrives on every replica, once per key', async () => {
  const client = await TestClient.connect(replicas[1]!.url);
  const asked = await client.request({ type: 'subscribe', channel: CHANNEL });
  assert.equal(asked.type, 'ack');
  const body = { player: ADA, data: { text: 'hello' } };
  const first = await one.post(PLACE, body, 'one');
  assert.equal(first.status, 200);
  const { epoch } = first.body;
  assert.deepEqual(first.body, { channel: CHANNEL, epoch, seq: 1, duplicate: false });
  const again = await two.post(PLACE, body, 'one');
  assert.deepEqual([again.status, again.body], [200, { ...first.body, duplicate: true }]);
  assert.equal((await new Backend(replicas[0]!.url, OTHER_KEY).post(PLACE, body, 'one')).body.seq, 2);
  const heard = () => client.received.filter((item) => item.type === 'message') as unknown as Record<string, unknown>[];
  await until(() => heard().length === 2, 'both messages have come');
  const { replica, player, data, seq } = heard()[0]!;
  assert.deepEqual({ replica, player, data, seq }, { replica: '1111', player: ADA, data: { text: 'hello' }, seq: 1 });
  client.close();
});

test('a player may not publish where only a backend may', async () => {
  const client = await TestClient.connect(replicas[0]!.url);
  assert.equal((await client.request({ type: 'subscribe', channel: CHANNEL })).type, 'ack');
  const refused = await client.request({ type: 'publish', channel: CHANNEL, data: { text: 'hello' } });
  assert.deepEqual([refused.type, 'code' in refused && refused.code], ['error', 'not_allowed']);
  client.close();
});

test('a key that was used for another message or player is refused, and so is data that the schema of the channel does not allow', async () => {
  const body = { player: ADA, data: { text: 'first' } };
  assert.equal((await one.post(PLACE, body, 'used')).status, 200);
  for (const other of [
    { ...body, data: { text: 'second' } },
    { ...body, player: { id: 'bob', name: 'Bob' } },
  ]) {
    const answer = await two.post(PLACE, other, 'used');
    assert.deepEqual([answer.status, answer.body.code], [422, 'id_reused']);
  }
  for (const [place, wrong, status, code] of [
    [PLACE, { ...body, data: { text: 'x'.repeat(21) } }, 400, 'bad_message'],
    [PLACE, { ...body, data: 'text' }, 400, 'bad_message'],
    [PLACE, { player: ADA }, 400, 'bad_message'],
    [PLACE, { data: { text: 'hello' } }, 400, 'bad_message'],
    ['/channels/weather/messages', body, 404, 'channel_not_found'],
    ['/channels/news:%20/messages', body, 400, 'bad_message'],
  ] as const) {
    const answer = await one.post(place, wrong, 'wrong');
    assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(wrong));
  }
  const keyless = await one.post(PLACE, body);
  assert.match(keyless.body.message, /Idempotency-Key/);
});
