import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Socket } from '../platform.ts';
import { settle } from '../testing/fake-clock.ts';
import { FakeRequests } from '../testing/fake-requests.ts';
import { openEventSource } from './event-source.ts';
import { openLongPoll } from './long-poll.ts';

const TARGET = { path: '/ws?slot=0&game=ABCDEF', token: 'secret' };
const ID = '1111.AAAAAAAAAAAAAAAA';
const OPEN = `event: open\ndata: {"connection":"${ID}"}\n\n`;
const head = (cursor: number, rest = {}) => JSON.stringify({ connection: ID, cursor, ...rest });

function stream(): { net: FakeRequests; socket: Socket } {
  const net = new FakeRequests();
  return { net, socket: openEventSource(net.caller, TARGET, net.handlers) };
}

function poll(): { net: FakeRequests; socket: Socket } {
  const net = new FakeRequests();
  return { net, socket: openLongPoll(net.caller, TARGET, net.handlers) };
}

test('every request carries the query and the token, and no token is in an address', async () => {
  for (const { net, socket } of [stream(), poll()]) {
    const [first] = net.all;
    if (first!.path.startsWith('/sse')) first!.begin(200, OPEN);
    else first!.answer(200, `${head(0)}\n`);
    socket.send('{"n":1}');
    await settle();
    assert.ok(net.all.length >= 2);
    for (const { path, token } of net.all) {
      assert.match(path, /^\/(sse|poll|send)\?slot=0&game=ABCDEF$/);
      assert.equal(token, 'secret');
    }
  }
});

test('messages wait until the connection is known, and are then sent in order, one batch at a time', async () => {
  const { net, socket } = stream();
  socket.send('{"n":1}');
  socket.send('{"n":2}');
  await settle();
  assert.deepEqual(net.to('/send'), []);
  net.all[0]!.begin(200, OPEN);
  await settle();
  socket.send('{"n":3}');
  await settle();
  assert.deepEqual(
    net.to('/send').map(({ body }) => body),
    [{ connection: ID, number: 1, messages: [{ n: 1 }, { n: 2 }] }],
  );
  net.last('/send').answer(204);
  assert.deepEqual(net.last('/send').body, { connection: ID, number: 2, messages: [{ n: 3 }] });
});

test('a batch whose answer gets lost is sent again under its number, and given up after three repeats', async () => {
  const { net, socket } = stream();
  net.all[0]!.begin(200, OPEN);
  socket.send('{"n":1}');
  await settle();
  for (const lose of ['fail', 502, 504] as const) {
    if (lose === 'fail') net.last('/send').fail();
    else net.last('/send').answer(lose);
    await net.clock.advanceToNext();
  }
  assert.deepEqual(
    net.to('/send').map(({ body }) => body['number']),
    [1, 1, 1, 1],
  );
  assert.equal(net.closed, undefined);
  net.last('/send').fail();
  assert.equal(net.code, 1006);
});

test('many messages are split into batches that the server accepts', async () => {
  const { net, socket } = stream();
  net.all[0]!.begin(200, OPEN);
  for (let n = 0; n < 10; n += 1) socket.send(JSON.stringify({ n, text: 'é'.repeat(1000) }));
  await settle();
  while (net.to('/send').length < 10) {
    const { body } = net.last('/send');
    assert.ok(Buffer.byteLength(JSON.stringify(body)) <= 12_288);
    const before = net.to('/send').length;
    net.last('/send').answer(204);
    if (net.to('/send').length === before) break;
  }
  const sent = net
    .to('/send')
    .flatMap(({ body }) => body['messages'] as { n: number }[])
    .map(({ n }) => n);
  assert.deepEqual(
    sent,
    Array.from({ length: 10 }, (_, n) => n),
  );
});

test('frames of a stream are passed on while their numbers follow each other', () => {
  const { net } = stream();
  net.all[0]!.begin(200, `${OPEN}id: 1\ndata: a\n\nid: 2\nda`);
  net.all[0]!.say('ta: b\n\n');
  assert.deepEqual(net.received, ['a', 'b']);
  net.all[0]!.say('id: 4\ndata: d\n\n');
  assert.deepEqual([net.received, net.closed?.code], [['a', 'b'], 1006]);
  assert.equal(net.all[0]!.isAborted, true);
});

test('a close in a stream or a poll has a code of the table', () => {
  const one = stream();
  one.net.all[0]!.begin(200, `${OPEN}event: close\ndata: {"code":4409,"reason":"superseded"}\n\n`);
  assert.deepEqual(one.net.closed, { code: 4409, reason: 'superseded' });
  const two = poll();
  two.net.all[0]!.answer(200, `${head(1, { close: { code: 1012, reason: 'serviceRestart' } })}\nlast\n`);
  assert.deepEqual([two.net.received, two.net.closed?.code], [['last'], 1012]);
});

test('each poll confirms the frames that arrived, and a frame that comes twice is passed on once', () => {
  const { net } = poll();
  net.all[0]!.answer(200, `${head(2)}\na\nb\n`);
  assert.deepEqual(net.last('/poll').body, { connection: ID, cursor: 2 });
  net.last('/poll').answer(200, `${head(3)}\nb\nc\n`);
  assert.deepEqual([net.received, net.last('/poll').body['cursor']], [['a', 'b', 'c'], 3]);
});

test('a poll whose answer gets lost is repeated with the same cursor', async () => {
  const { net } = poll();
  net.all[0]!.answer(200, `${head(1)}\na\n`);
  net.last('/poll').fail();
  await net.clock.advanceToNext();
  assert.deepEqual(net.last('/poll').body, { connection: ID, cursor: 1 });
  net.last('/poll').answer(200, `${head(2)}\nb\n`);
  assert.deepEqual([net.received, net.closed], [['a', 'b'], undefined]);
});

test('a gap in the frames of polls ends the connection, so that a resume fills it', () => {
  const { net } = poll();
  net.all[0]!.answer(200, `${head(1)}\na\n`);
  net.last('/poll').answer(200, `${head(3)}\nc\n`);
  assert.deepEqual([net.received, net.closed?.code], [['a'], 1006]);
});

test('a poll that is never answered is repeated, too', async () => {
  const { net } = poll();
  net.all[0]!.answer(200, `${head(0)}\n`);
  const held = net.last('/poll');
  await net.clock.advance(60_000);
  assert.equal(held.isAborted, true);
  assert.ok(net.to('/poll').length > 2);
});

test('a refusal by the server has its code, and a refusal by a proxy is a broken connection', () => {
  const cases: [number, boolean, number][] = [
    [401, true, 4401],
    [401, false, 4401],
    [403, true, 1008],
    [403, false, 1006],
    [503, true, 1013],
    [503, false, 1006],
    [429, true, 1013],
    [410, true, 1006],
  ];
  for (const [status, byServer, code] of cases) {
    for (const { net } of [stream(), poll()]) {
      net.all[0]!.answer(status, '', byServer);
      assert.equal(net.closed?.code, code, `${status} ${byServer}`);
    }
  }
});

test('an answer from a server of another protocol is not trusted', () => {
  const one = stream();
  one.net.all[0]!.begin(200, 'event: open\ndata: <html>\n\n');
  const two = poll();
  two.net.all[0]!.answer(200, '<html>Please log in.</html>');
  assert.deepEqual([one.net.closed?.code, two.net.closed?.code], [1006, 1006]);
});

test('a close tells the server and leaves nothing running', async () => {
  for (const { net, socket } of [stream(), poll()]) {
    const [first] = net.all;
    if (first!.path.startsWith('/sse')) first!.begin(200, OPEN);
    else first!.answer(200, `${head(0)}\n`);
    await settle();
    socket.close(1000, 'closed');
    assert.deepEqual(net.last('/send').body, { connection: ID, number: 1, messages: [], close: true });
    assert.equal(net.clock.running, 0);
    assert.ok(net.all.filter(({ path }) => !path.startsWith('/send')).at(-1)!.isAborted);
  }
});
