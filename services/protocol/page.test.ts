// Compares the answers of a replica with those that README.md promises.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { until } from '../../tests/kit/wait.ts';
import { DEFAULT_LIMITS } from '../server/limits.ts';
import type { Replica } from '../server/replica.ts';
import { guest, TestClient } from '../server/testing/client.ts';
import { type Answer, ok } from '../server/testing/play.ts';
import { startRedis, type TestRedis } from '../server/testing/redis.ts';
import { ORIGIN, startTestReplica } from '../server/testing/replica.ts';
import { LIMITS } from './limits.ts';
import { REFUSAL_HEADER } from './transports.ts';

let redis: TestRedis;
let replica: Replica;
/** Its heartbeat is short. */
let quick: Replica;
const HEARTBEAT_MS = 500;

before(async () => {
  redis = await startRedis();
  replica = await startTestReplica(redis.url, '1111');
  quick = await startTestReplica(redis.url, '2222', { heartbeatMs: HEARTBEAT_MS });
});
after(async () => {
  await Promise.all([replica?.drain(), quick?.drain()]);
  await redis?.stop();
});

/** The fields of a message except its type, in order. */
const fieldsOf = (message: object) =>
  Object.keys(message)
    .filter((key) => key !== 'type')
    .sort();

test('each ack has the fields that the README names', async () => {
  const client = await TestClient.connect(replica.url);
  const inGame = ['epoch', 'game', 'id', 'seq'];
  const inChannel = ['channel', 'epoch', 'id', 'seq'];
  const created = ok(await client.request({ type: 'create', players: 2, size: 3, seconds: 30, spectators: true }));
  assert.deepEqual(fieldsOf(created), inGame);
  const game = created.game!;
  const { epoch, seq } = await client.next('snapshot');
  assert.equal(epoch, created.epoch);
  assert.ok(created.seq! <= seq, 'the snapshot is no older than the place in the ack');
  const other = await TestClient.connect(replica.url);
  assert.deepEqual(fieldsOf(ok(await other.request({ type: 'watch', game }))), inGame);
  assert.deepEqual(fieldsOf(ok(await other.request({ type: 'leave', game }))), ['game', 'id']);
  assert.deepEqual(fieldsOf(ok(await other.request({ type: 'join', game }))), inGame);
  assert.deepEqual(fieldsOf(ok(await client.request({ type: 'capture', game, cell: 0 }))), inGame);
  const known = { game, epoch, seq };
  assert.deepEqual(fieldsOf(ok(await client.request({ type: 'resume', ...known }))), [...inGame, 'recovered'].sort());
  assert.deepEqual(fieldsOf(ok(await client.request({ type: 'subscribe', channel: game }))), inChannel);
  assert.deepEqual(
    fieldsOf(ok(await client.request({ type: 'publish', channel: game, data: { text: 'hi' } }))),
    inChannel,
  );
  assert.deepEqual(fieldsOf(ok(await client.request({ type: 'unsubscribe', channel: game }))), ['channel', 'id']);
  assert.deepEqual(fieldsOf(ok(await client.request({ type: 'leave', game }))), inGame);
  for (const { socket } of [client, other]) socket.terminate();
});

test('welcome has four limits and none of the others', async () => {
  const client = await TestClient.connect(replica.url);
  const { limits } = await client.next('welcome');
  const { messageBytes, messagesPerSecond, resumeWindowMs } = LIMITS;
  assert.deepEqual(limits, { messageBytes, messagesPerSecond, resumeWindowMs });
  client.close();
});

test('a subscription ends with its socket, and the next one receives what it missed as history', async () => {
  const { token } = await guest(replica.url, { name: 'Ada' });
  const first = await TestClient.connect(replica.url, token);
  const { epoch, seq } = ok(await first.request({ type: 'subscribe', channel: 'lobby' }));
  first.close();
  const author = await TestClient.connect(replica.url);
  ok(await author.request({ type: 'subscribe', channel: 'lobby' }));
  const again = await TestClient.connect(replica.url, token);
  ok(await author.request({ type: 'publish', channel: 'lobby', data: { text: 'hello' } }));
  const said = await author.next('message');
  assert.equal(said.line, '1111:hello');
  ok(await again.request({ type: 'subscribe', channel: 'lobby', epoch: epoch!, after: seq! }));
  const { messages } = await again.next('history');
  assert.equal(
    again.received.some(({ type }) => type === 'message'),
    false,
    'no message came before',
  );
  const { type: _, channel: __, epoch: ___, ...line } = said;
  assert.deepEqual(messages, [line]);
  for (const client of [author, again]) client.close();
});

test('the acks name the place in the history that the README promises', async () => {
  const client = await TestClient.connect(replica.url);
  const created = ok(await client.request({ type: 'create', players: 2, size: 3, seconds: 30 }));
  const game = created.game!;
  const other = await TestClient.connect(replica.url);
  const joined = ok(await other.request({ type: 'join', game }));
  const snapshot = await other.next('snapshot');
  assert.ok(joined.seq! <= snapshot.seq);
  const captured = ok(await client.request({ type: 'capture', game, cell: 0 }));
  const { seq } = await client.next('event', ({ event }) => event.kind === 'captured');
  assert.equal(captured.seq, seq);
  const [known, from] = [{ game, epoch: created.epoch!, seq: created.seq! }, client.received.length];
  const resumed = ok(await client.request({ type: 'resume', ...known }));
  assert.deepEqual([resumed.recovered, resumed.seq], [true, seq]);
  await until(
    () => client.received.slice(from).some((message) => message.type === 'event' && message.seq === seq),
    'the last event comes again',
  );
  for (const each of [
    { ...known, epoch: 'another' },
    { ...known, seq: seq + 5 },
  ]) {
    assert.equal(ok(await client.request({ type: 'resume', ...each })).recovered, false);
  }
  assert.equal(ok(await client.request({ type: 'leave', game })).seq, seq, 'the seat is kept');
  const empty = ok(await other.request({ type: 'subscribe', channel: game }));
  assert.equal(empty.seq, 0);
  const said = ok(await other.request({ type: 'publish', channel: game, data: { text: 'hi' } }));
  const heard = await other.next('message');
  assert.deepEqual([said.epoch, said.seq], [heard.epoch, heard.seq]);
  for (const { socket } of [client, other]) socket.terminate();
});

test('history holds the lines after `after` in the epoch of the channel, and all in another epoch', async () => {
  const client = await TestClient.connect(replica.url);
  const { game: channel } = ok(await client.request({ type: 'create', players: 2 })) as { game: string };
  ok(await client.request({ type: 'subscribe', channel }));
  for (const text of ['one', 'two', 'three']) ok(await client.request({ type: 'publish', channel, data: { text } }));
  const linesSince = async (since: { epoch?: string; after?: number }) => {
    const from = client.received.length;
    const { epoch, seq } = ok(await client.request({ type: 'subscribe', channel, ...since }));
    const history = client.received.slice(from).find((message) => message.type === 'history');
    assert.deepEqual([history?.epoch, seq], [epoch, 3]);
    return history?.messages.map(({ seq: number }) => number);
  };
  const { epoch } = await client.next('message');
  assert.deepEqual(await linesSince({}), [1, 2, 3]);
  assert.deepEqual(await linesSince({ epoch, after: 1 }), [2, 3]);
  assert.deepEqual(await linesSince({ after: 1 }), [2, 3]);
  assert.deepEqual(await linesSince({ epoch: 'another', after: 1 }), [1, 2, 3]);
  client.close();
});

test('a room that a player may not see is answered like a missing room', async () => {
  const owner = await TestClient.connect(replica.url);
  const { game } = ok(await owner.request({ type: 'create', players: 2 })) as { game: string };
  const stranger = await TestClient.connect(replica.url);
  for (const request of [
    { type: 'capture', cell: 0 },
    { type: 'resume', epoch: 'any', seq: 0 },
    { type: 'watch' },
    { type: 'leave' },
    { type: 'subscribe' },
  ] as const) {
    const [one, other] = await Promise.all(
      [game, 'AAAAAA'].map((code) =>
        stranger.request(request.type === 'subscribe' ? { ...request, channel: code } : { ...request, game: code }),
      ),
    );
    assert.deepEqual(codesOf(one!, other!), ['game_not_found', 'game_not_found'], request.type);
  }
  const chat = await stranger.request({ type: 'publish', channel: game, data: { text: 'hi' } });
  ok(await stranger.request({ type: 'unsubscribe', channel: game }));
  const second = await TestClient.connect(replica.url);
  ok(await second.request({ type: 'join', game }));
  assert.deepEqual(codesOf(chat, await stranger.request({ type: 'join', game })), ['not_subscribed', 'game_full']);
  for (const client of [owner, stranger, second]) client.close();
});

test('a watcher may neither play nor talk, and the end of the game ends watching', async () => {
  const players = [await TestClient.connect(replica.url), await TestClient.connect(replica.url)] as const;
  const settings = { players: 2, size: 3, seconds: 30, spectators: true };
  const { game } = ok(await players[0].request({ type: 'create', ...settings })) as { game: string };
  ok(await players[1].request({ type: 'join', game }));
  const watcher = await TestClient.connect(replica.url);
  const { epoch, seq } = ok(await watcher.request({ type: 'watch', game }));
  const again = ok(await watcher.request({ type: 'watch', game, epoch: epoch!, seq: seq! }));
  assert.equal(again.recovered, true);
  assert.deepEqual(
    codesOf(
      await watcher.request({ type: 'capture', game, cell: 0 }),
      await watcher.request({ type: 'subscribe', channel: game }),
      await watcher.request({ type: 'publish', channel: game, data: { text: 'hi' } }),
    ),
    ['not_a_player', 'not_a_player', 'not_subscribed'],
  );
  for (let cell = 0; cell < 9; cell += 1) ok(await players[0].request({ type: 'capture', game, cell }));
  await watcher.next('event', ({ event }) => event.kind === 'finished');
  assert.deepEqual(codesOf(await watcher.request({ type: 'leave', game })), ['game_not_found']);
  assert.equal(ok(await players[1].request({ type: 'resume', game, epoch: epoch!, seq: seq! })).recovered, true);
  for (const client of [...players, watcher]) client.close();
});

test('the README names how many refused messages an address may have', () => {
  const page = readFileSync(new URL('README.md', import.meta.url), 'utf8');
  assert.ok(page.includes(`Above ${DEFAULT_LIMITS.perAddress.refusalsPerMinute} a minute`));
});

test('refused messages are answered and counted, and one too many closes the socket with the code of its kind', async () => {
  const most = LIMITS.badMessagesPerMinute;
  const errorsOf = ({ received }: TestClient) => received.filter((message) => message.type === 'error');
  const talker = await TestClient.connect(replica.url);
  const text = 'hi';
  for (let n = 0; n <= most; n += 1) {
    assert.deepEqual(codesOf(await talker.request({ type: 'publish', channel: 'lobby', data: { text } })), [
      'not_subscribed',
    ]);
  }
  assert.equal(talker.closeCode, undefined, 'a request that is refused for another reason does not count');
  for (let n = 0; n <= most; n += 1) talker.socket.send('{');
  assert.equal(await talker.closed(), 4400);
  assert.equal(errorsOf(talker).filter(({ code }) => code === 'bad_json').length, most + 1);

  const chatter = await TestClient.connect(replica.url);
  ok(await chatter.request({ type: 'subscribe', channel: 'lobby' }));
  const lines = LIMITS.publishPerTenSeconds + most + 5;
  for (let n = 0; n < lines; n += 1)
    chatter.send({ type: 'publish', id: `line-${n}`, channel: 'lobby', data: { text } });
  assert.equal(await chatter.closed(), 4429);
  assert.equal(errorsOf(chatter).length, most + 1);
  for (const { code, id, retryAfterMs } of errorsOf(chatter)) {
    assert.deepEqual([code, id?.slice(0, 5), retryAfterMs! > 0], ['rate_limited', 'line-', true]);
  }

  const flood = await TestClient.connect(replica.url);
  for (let t = 0; t < LIMITS.messageBurst + most + 20; t += 1) flood.send({ type: 'ping', t });
  assert.equal(await flood.closed(), 4429);
  assert.equal(errorsOf(flood).length, most + 1);
  for (const { code, id, retryAfterMs } of errorsOf(flood)) {
    assert.deepEqual([code, id, retryAfterMs! > 0], ['rate_limited', undefined, true]);
  }
});

test('a session is answered with the status that the README names, without the header of a refusal', async () => {
  const session = async (method: string, body: object | undefined, headers: Record<string, string> = {}) => {
    const type: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
    const init = { method, headers: { ...type, ...headers }, ...(body ? { body: JSON.stringify(body) } : {}) };
    const response = await fetch(`${replica.url}/api/session`, init);
    assert.equal(response.headers.has(REFUSAL_HEADER), false);
    return response;
  };
  const { token, player } = await guest(replica.url, { name: 'Ada' });
  const bearer = { authorization: `Bearer ${token}` };
  const statuses = await Promise.all([
    session('POST', { unknown: 1 }),
    session('POST', {}, { origin: 'https://other.test' }),
    session('POST', { transport: 'cookie' }),
    session('POST', { transport: 'cookie' }, { origin: ORIGIN }),
    session('POST', undefined),
    session('DELETE', {}),
    session('DELETE', undefined, bearer),
    session('DELETE', {}, { cookie: '__Host-gridlock-0=x' }),
  ]);
  assert.deepEqual(
    statuses.map(({ status }) => status),
    [400, 403, 403, 201, 415, 401, 415, 403],
  );
  assert.deepEqual(Object.keys((await statuses[3]!.json()) as object).sort(), ['expiresAt', 'player', 'ticket']);
  const who = async (headers: Record<string, string>) => {
    const response = await session('POST', {}, headers);
    return ((await response.json()) as { player: { id: string; name: string } }).player;
  };
  assert.deepEqual(await who(bearer), player, 'the token renews the session');
  assert.notEqual((await who({ authorization: 'Bearer a.b.c' })).id, player.id, 'a forged token makes a new guest');
  assert.equal((await session('DELETE', {}, bearer)).status, 204);
  assert.notEqual((await who(bearer)).id, player.id, 'a token that was logged out makes a new guest');
});

/** The codes of errors. */
const codesOf = (...answers: Answer[]) =>
  answers.map((answer) => (answer.type === 'error' ? answer.code : answer.type));

/** A connection by long polling. */
async function poller(url = replica.url) {
  const { token } = await guest(url);
  const post = (path: string, body: object) =>
    fetch(`${url}${path}?slot=0`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
  const opened = (await (await post('/poll', {})).text()).split('\n');
  const { connection, cursor } = JSON.parse(opened[0]!) as { connection: string; cursor: number };
  return { post, connection, cursor };
}

test('/send accepts messages as objects; a string is refused as a frame that is not an object', async () => {
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
  for (const answer of [
    await post('/poll', { connection, cursor: cursor + 1 }),
    await post('/send', { connection, number: 2, messages: [] }),
  ]) {
    assert.deepEqual([answer.status, answer.headers.has(REFUSAL_HEADER)], [409, false]);
  }
  assert.equal((await post('/send', { connection, number: 1, messages: [], close: true })).status, 204);
  assert.equal((await post('/poll', { connection, cursor })).status, 410);
});

test('a refusal to open a connection, or for lack of a token, has the header that names the protocol', async () => {
  const { token } = await guest(replica.url);
  const ask = async (path: string, authorization: string, body: object = {}) => {
    const headers = { 'content-type': 'application/json', authorization };
    const {
      status,
      headers: answered,
      body: rest,
    } = await fetch(`${replica.url}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    void rest?.cancel();
    return [status, answered.get(REFUSAL_HEADER) ?? ''];
  };
  const known = { connection: '1111.unknownunknown', number: 1, messages: [] };
  for (const [path, body] of [['/sse'], ['/poll'], ['/send', known]] as const) {
    assert.deepEqual(await ask(path, 'Bearer a.b.c', body), [401, 'gridlock.v1'], path);
  }
  assert.deepEqual(await ask('/send', `Bearer ${token}`, known), [410, '']);
  const attempt = '?attempt=abcdefgh.';
  assert.deepEqual(await ask(`/poll${attempt}5`, `Bearer ${token}`), [200, '']);
  for (const number of [5, 4]) {
    assert.deepEqual(await ask(`/poll${attempt}${number}`, `Bearer ${token}`), [409, 'gridlock.v1']);
  }
});

test('a client that has closed receives nothing more: its poll is answered with 410', async () => {
  const { post, connection, cursor } = await poller();
  const held = post('/poll', { connection, cursor });
  assert.equal((await post('/send', { connection, number: 1, messages: [], close: true })).status, 204);
  assert.equal((await held).status, 410);
  assert.equal((await post('/poll', { connection, cursor })).status, 410);
});

test('a poll without messages ends after its first line, and counts as a sign of life like a pong', async () => {
  const socket = await TestClient.connect(quick.url);
  const { post, connection, cursor } = await poller(quick.url);
  const began = performance.now();
  while (performance.now() - began < 3 * HEARTBEAT_MS) {
    const asked = performance.now();
    const answer = await post('/poll', { connection, cursor });
    assert.equal(answer.headers.get('content-type'), 'application/x-ndjson; charset=utf-8');
    assert.deepEqual((await answer.text()).split('\n'), [JSON.stringify({ connection, cursor }), '']);
    assert.ok(performance.now() - asked < 3 * HEARTBEAT_MS);
  }
  assert.equal(socket.closeCode, undefined);
  socket.close();
});
