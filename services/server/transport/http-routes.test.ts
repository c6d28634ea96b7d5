import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import { LIMITS, type ServerMessage } from '../../protocol/index.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import type { Replica } from '../replica.ts';
import { guest } from '../testing/client.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { ORIGIN, startTestReplica } from '../testing/replica.ts';

let redis: TestRedis;
let one: Replica;
let two: Replica;
let token: string;

before(async () => {
  redis = await startRedis();
  [one, two] = (await Promise.all(['1111', '2222'].map((id) => startTestReplica(redis.url, id)))) as [Replica, Replica];
  ({ token } = await guest(one.url));
});
after(async () => {
  await Promise.all([one?.drain(), two?.drain()]);
  await redis?.stop();
});

const JSON_TYPE = { 'content-type': 'application/json' };
const own = () => ({ ...JSON_TYPE, authorization: `Bearer ${token}` });

function post(path: string, body: object, headers: Record<string, string> = own(), replica = one): Promise<Response> {
  return fetch(`${replica.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

interface Polled {
  readonly connection: string;
  readonly cursor: number;
  readonly close?: { code: number; reason: string };
  readonly messages: ServerMessage[];
}

async function read(response: Response): Promise<Polled> {
  const [head, ...frames] = (await response.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { ...head, messages: frames.flat() };
}

const openPoll = async (headers?: Record<string, string>) => read(await post('/poll', {}, headers));

test('a stream or poll without a token is refused with 401, of another origin with 403, and the refusal names the protocol', async () => {
  for (const path of ['/sse', '/poll']) {
    const refusals: [Record<string, string>, number][] = [
      [JSON_TYPE, 401],
      [{ ...own(), origin: 'https://elsewhere.test' }, 403],
      [{ ...JSON_TYPE, cookie: `__Host-gridlock-0=${token}` }, 403],
    ];
    for (const [headers, status] of refusals) {
      const response = await post(path, {}, headers);
      assert.equal(response.status, status);
      assert.equal(response.headers.get('gridlock-protocol'), 'gridlock.v1');
    }
  }
});

test('a page of the allowed origin polls with its cookie', async () => {
  const opened = await openPoll({ ...JSON_TYPE, cookie: `__Host-gridlock-0=${token}`, origin: ORIGIN });
  assert.match(opened.connection, /^1111\./);
  assert.deepEqual([opened.cursor, opened.messages[0]?.type], [1, 'welcome']);
});

test('a content type that a form could send is refused with 415, and a body of another shape with 400', async () => {
  for (const path of ['/sse', '/poll', '/send']) {
    assert.equal((await post(path, {}, { ...own(), 'content-type': 'text/plain' })).status, 415);
    assert.equal((await post(path, { what: 1 })).status, 400);
  }
});

test('a stream is not to be stored or compressed, and its frames are numbered', async () => {
  const abort = new AbortController();
  const response = await fetch(`${one.url}/sse`, {
    headers: { authorization: `Bearer ${token}` },
    signal: abort.signal,
  });
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  assert.equal(response.headers.get('cache-control'), 'no-store, no-transform');
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (/welcome.*\n\n/.test(text)) break;
  }
  assert.match(text, /^event: open\ndata: \{"connection":"1111\.[\w-]+"\}\n\nid: 1\ndata: \{"type":"welcome"/);
  abort.abort();
  await until(() => one.sockets.count('sse') === 0, 'the stream has ended');
});

test('unconfirmed frames come again and confirmed ones do not, whichever replica is asked', async () => {
  const { connection } = await openPoll();
  await post('/send', { connection, number: 1, messages: [{ type: 'ping', t: 1 }] });
  const again = await read(await post('/poll', { connection, cursor: 0 }, own(), two));
  assert.deepEqual(
    again.messages.map(({ type }) => type),
    ['welcome', 'pong'],
  );
  const rest = await read(await post('/poll', { connection, cursor: 1 }));
  assert.deepEqual([rest.cursor, rest.messages.map(({ type }) => type)], [2, ['pong']]);
  assert.equal((await post('/poll', { connection, cursor: 0 })).status, 409);
  assert.equal((await post('/poll', { connection, cursor: 9 })).status, 409);
});

test('a repeated batch is applied once, and a batch out of order is refused with 409', async () => {
  const { connection } = await openPoll();
  const batch = { connection, number: 1, messages: [{ type: 'ping', t: 7 }] };
  assert.equal((await post('/send', batch)).status, 204);
  assert.equal((await post('/send', batch, own(), two)).status, 204);
  assert.equal((await post('/send', { ...batch, number: 3 })).status, 409);
  const { messages } = await read(await post('/poll', { connection, cursor: 1 }));
  assert.deepEqual(
    messages.map(({ type }) => type),
    ['pong'],
  );
});

test('a connection is useless to another player, and an unknown one counts as gone', async () => {
  const { connection } = await openPoll();
  const other = { ...JSON_TYPE, authorization: `Bearer ${(await guest(one.url)).token}` };
  for (const replica of [one, two]) {
    assert.equal((await post('/send', { connection, number: 1, messages: [] }, other, replica)).status, 410);
    assert.equal((await post('/poll', { connection, cursor: 1 }, other, replica)).status, 410);
    assert.equal((await post('/poll', { connection: '1111.AAAAAAAAAAAAAAAA' }, own(), replica)).status, 410);
    assert.equal((await post('/poll', { connection: '9999.AAAAAAAAAAAAAAAA' }, own(), replica)).status, 410);
  }
});

test('a message larger than the limit closes the connection with 1009', async () => {
  const { connection } = await openPoll();
  const filler = 'x'.repeat(LIMITS.messageBytes);
  await post('/send', { connection, number: 1, messages: [{ type: 'ping', filler }] });
  const { close } = await read(await post('/poll', { connection, cursor: 1 }));
  assert.equal(close?.code, 1009);
  await until(() => one.sockets.count('poll') === 0, 'it is closed');
});

test('a client that sends above the rate is told so, and closed with 4429 if it goes on', async () => {
  const { connection } = await openPoll();
  const messages = Array.from({ length: 60 }, (_, t) => ({ type: 'ping', t }));
  for (const number of [1, 2, 3]) await post('/send', { connection, number, messages });
  const { close, messages: told } = await read(await post('/poll', { connection, cursor: 1 }));
  assert.ok(told.some((message) => message.type === 'error' && message.code === 'rate_limited'));
  assert.equal(close?.code, 4429);
});

test('a client that says it is done is gone at once', async () => {
  ({ token } = await guest(one.url));
  const { connection } = await openPoll();
  assert.equal(one.sockets.count('poll'), 1);
  assert.equal((await post('/send', { connection, number: 1, messages: [], close: true }, own(), two)).status, 204);
  assert.equal(one.sockets.count('poll'), 0);
  assert.equal((await post('/poll', { connection, cursor: 1 })).status, 410);
});

test('a connection that was closed for a message too large gives its place back, without another poll', async (t) => {
  const perAddress = { ...DEFAULT_LIMITS.perAddress, sockets: 1 };
  const replica = await startTestReplica(redis.url, '3333', { limits: { ...DEFAULT_LIMITS, perAddress } });
  t.after(() => replica.drain());
  ({ token } = await guest(replica.url));
  const { connection } = await read(await post('/poll', {}, own(), replica));
  assert.equal((await post('/poll', {}, own(), replica)).status, 429);
  const filler = 'x'.repeat(LIMITS.messageBytes);
  await post('/send', { connection, number: 1, messages: [{ type: 'ping', filler }] }, own(), replica);
  await until(async () => (await post('/poll', {}, own(), replica)).status === 200, 'there is a place again');
});
