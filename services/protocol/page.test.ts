// What the page says of answers, held against a replica.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Replica } from '../server/replica.ts';
import { guest, TestClient } from '../server/testing/client.ts';
import { ok } from '../server/testing/play.ts';
import { startRedis, type TestRedis } from '../server/testing/redis.ts';
import { startTestReplica } from '../server/testing/replica.ts';
import { LIMITS } from './limits.ts';

let redis: TestRedis;
let replica: Replica;

before(async () => {
  redis = await startRedis();
  replica = await startTestReplica(redis.url, '1111');
});
after(async () => {
  await replica?.drain();
  await redis?.stop();
});

/** The fields of a message but its type, in order. */
const fieldsOf = (message: object) =>
  Object.keys(message)
    .filter((key) => key !== 'type')
    .sort();

test('each ack has the fields that the page names', async () => {
  const client = await TestClient.connect(replica.url);
  const inGame = ['epoch', 'game', 'id', 'seq'];
  const inChannel = ['channel', 'epoch', 'id', 'seq'];
  const created = ok(await client.request({ type: 'create', players: 2, size: 3, seconds: 30, spectators: true }));
  assert.deepEqual(fieldsOf(created), inGame);
  const game = created.game!;
  const { epoch, seq } = await client.next('snapshot');
  assert.equal(epoch, created.epoch);
  assert.ok(created.seq! <= seq, 'the snapshot holds what the ack tells of');
  const other = await TestClient.connect(replica.url);
  assert.deepEqual(fieldsOf(ok(await other.request({ type: 'watch', game }))), inGame);
  assert.deepEqual(fieldsOf(ok(await other.request({ type: 'leave', game }))), ['game', 'id']);
  assert.deepEqual(fieldsOf(ok(await other.request({ type: 'join', game }))), inGame);
  assert.deepEqual(fieldsOf(ok(await client.request({ type: 'capture', game, cell: 0 }))), inGame);
  const known = { game, epoch, seq };
  assert.deepEqual(fieldsOf(ok(await client.request({ type: 'resume', ...known }))), [...inGame, 'recovered'].sort());
  assert.deepEqual(fieldsOf(ok(await client.request({ type: 'subscribe', channel: game }))), inChannel);
  assert.deepEqual(fieldsOf(ok(await client.request({ type: 'chat', channel: game, text: 'hi' }))), inChannel);
  assert.deepEqual(fieldsOf(ok(await client.request({ type: 'unsubscribe', channel: game }))), ['channel', 'id']);
  assert.deepEqual(fieldsOf(ok(await client.request({ type: 'leave', game }))), inGame);
  for (const { socket } of [client, other]) socket.terminate();
});

test('welcome carries four limits, and nothing of the others', async () => {
  const client = await TestClient.connect(replica.url);
  const { limits } = await client.next('welcome');
  const { messageBytes, messagesPerSecond, chatLength, resumeWindowMs } = LIMITS;
  assert.deepEqual(limits, { messageBytes, messagesPerSecond, chatLength, resumeWindowMs });
  client.close();
});

test('a subscription ends with its socket, and history tells the next one what it missed', async () => {
  const { token } = await guest(replica.url, { name: 'Ada' });
  const first = await TestClient.connect(replica.url, token);
  const { epoch, seq } = ok(await first.request({ type: 'subscribe', channel: 'lobby' }));
  first.close();
  const author = await TestClient.connect(replica.url);
  ok(await author.request({ type: 'subscribe', channel: 'lobby' }));
  const again = await TestClient.connect(replica.url, token);
  ok(await author.request({ type: 'chat', channel: 'lobby', text: 'hello' }));
  const said = await author.next('chat');
  assert.equal(said.line, '1111:hello');
  ok(await again.request({ type: 'subscribe', channel: 'lobby', epoch: epoch!, after: seq! }));
  const { lines } = await again.next('history');
  assert.equal(
    again.received.some(({ type }) => type === 'chat'),
    false,
    'nothing was heard before',
  );
  const { type: _, channel: __, epoch: ___, ...line } = said;
  assert.deepEqual(lines, [line]);
  for (const client of [author, again]) client.close();
});

/** A connection by long polling. */
async function poller() {
  const { token } = await guest(replica.url);
  const post = (path: string, body: object) =>
    fetch(`${replica.url}${path}?slot=0`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
  const opened = (await (await post('/poll', {})).text()).split('\n');
  const { connection, cursor } = JSON.parse(opened[0]!) as { connection: string; cursor: number };
  return { post, connection, cursor };
}

test('/send takes messages as objects; one that is a string is refused as a frame that is no object', async () => {
  const { post, connection, cursor } = await poller();
  const ping = { type: 'ping', t: 7 };
  const sent = await post('/send', { connection, number: 1, messages: [ping, JSON.stringify(ping)] });
  assert.equal(sent.status, 204);
  const [, ...frames] = (await (await post('/poll', { connection, cursor })).text()).trim().split('\n');
  const messages = frames.flatMap((frame) => JSON.parse(frame) as { type: string; code?: string; t?: number }[]);
  assert.deepEqual(
    messages.map(({ type, code, t }) => [type, code ?? t]),
    [
      ['pong', 7],
      ['error', 'bad_message'],
    ],
  );
  await post('/send', { connection, number: 2, messages: [], close: true });
});

test('a poll whose cursor is ahead, and a batch that leaves a number out, are answered 409', async () => {
  const { post, connection, cursor } = await poller();
  assert.equal((await post('/poll', { connection, cursor: cursor + 1 })).status, 409);
  assert.equal((await post('/send', { connection, number: 2, messages: [] })).status, 409);
  assert.equal((await post('/send', { connection, number: 1, messages: [], close: true })).status, 204);
  assert.equal((await post('/poll', { connection, cursor })).status, 410);
});
