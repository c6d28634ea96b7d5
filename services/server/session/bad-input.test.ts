import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LIMITS } from '../../protocol/index.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import type { Replica } from '../replica.ts';
import { TestClient } from '../testing/client.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { startTestReplica } from '../testing/replica.ts';

let redis: TestRedis;
let replica: Replica;
let neighbour: TestClient;

before(async () => {
  redis = await startRedis();
  replica = await startTestReplica(redis.url, '1111');
  neighbour = await TestClient.connect(replica.url);
});
after(async () => {
  neighbour?.close();
  await replica?.drain();
  await redis?.stop();
});

/** Another player on the same replica, who must not notice anything. */
async function neighbourIsFine(): Promise<void> {
  const answer = await neighbour.request({ type: 'subscribe', channel: 'lobby' });
  assert.equal(answer.type, 'ack');
  assert.equal(neighbour.closeCode, undefined);
}

async function expectError(frame: string, code: string, id?: string): Promise<void> {
  const client = await TestClient.connect(replica.url);
  client.socket.send(frame);
  const error = await client.next('error');
  assert.deepEqual([error.code, error.id], [code, id]);
  client.send({ type: 'ping', t: 1 });
  await client.next('pong');
  client.close();
  await neighbourIsFine();
}

const MALFORMED: [what: string, frame: string, code: string, id?: string][] = [
  ['what is not JSON', 'capture 7', 'bad_json'],
  ['an empty frame', '', 'bad_json'],
  ['an array', '[{"type":"ping","t":1}]', 'bad_message'],
  ['null', 'null', 'bad_message'],
  ['deep nesting', `${'['.repeat(2000)}${']'.repeat(2000)}`, 'bad_message'],
  ['an unknown type', '{"type":"teleport","id":"a1"}', 'unknown_type', 'a1'],
  ['a type of Object.prototype', '{"type":"constructor","id":"a1"}', 'unknown_type', 'a1'],
  ['a missing field', '{"type":"capture","id":"a1","game":"ABCDEF"}', 'bad_message', 'a1'],
  ['a field of the wrong type', '{"type":"capture","id":"a1","game":"ABCDEF","cell":"4"}', 'bad_message', 'a1'],
  ['a negative cell', '{"type":"capture","id":"a1","game":"ABCDEF","cell":-1}', 'bad_message', 'a1'],
  ['a cell that is not a whole number', '{"type":"capture","id":"a1","game":"ABCDEF","cell":1.5}', 'bad_message', 'a1'],
  ['a field too many', '{"type":"leave","id":"a1","game":"ABCDEF","__proto__":1}', 'bad_message', 'a1'],
  ['an id that is not usable', '{"type":"leave","id":"a b","game":"ABCDEF"}', 'bad_message'],
  ['a code that breaks out of a key', '{"type":"join","id":"a1","game":"A}:x{"}', 'bad_message', 'a1'],
  [
    'a line with control characters',
    '{"type":"publish","id":"a1","channel":"lobby","data":{"text":"\\u001b[2J"}}',
    'bad_message',
    'a1',
  ],
];
for (const [what, frame, code, id] of MALFORMED) {
  test(`${what} is answered with ${code} and the socket stays open`, () => expectError(frame, code, id));
}

test('a game that does not exist is answered with game_not_found', () =>
  expectError('{"type":"join","id":"a1","game":"ABCDEF"}', 'game_not_found', 'a1'));

test('a line in a channel that was not subscribed to is answered with not_subscribed', () =>
  expectError('{"type":"publish","id":"a1","channel":"lobby","data":{"text":"hi"}}', 'not_subscribed', 'a1'));

test('a player who is not in a game may not move in it, follow it, or read its chat', async () => {
  const [ada, eve] = await Promise.all([TestClient.connect(replica.url), TestClient.connect(replica.url)]);
  const created = await ada.request({ type: 'create', players: 2 });
  const game = created.type === 'ack' ? created.game! : '';
  const { epoch } = await ada.next('snapshot');
  for (const message of [
    { type: 'capture', game, cell: 0 },
    { type: 'resume', game, epoch, seq: 0 },
    { type: 'leave', game },
    { type: 'subscribe', channel: game },
  ] as const) {
    const answer = await eve.request(message);
    assert.equal(answer.type === 'error' && answer.code, 'game_not_found', message.type);
  }
  assert.equal(eve.events(game).length, 0);
  ada.close();
  eve.close();
});

const CLOSING: [what: string, code: number, send: (client: TestClient) => void][] = [
  [
    'one unknown command too many',
    4400,
    ({ socket }) => {
      for (let count = 0; count <= LIMITS.badMessagesPerMinute; count += 1) {
        socket.send(`{"type":"fly","id":"f${count}","game":"ABCDEF"}`);
      }
    },
  ],
  ['a binary message', 1003, ({ socket }) => socket.send(Buffer.from('{"type":"ping","t":1}'))],
  ['a message that is too large', 1009, ({ socket }) => socket.send('x'.repeat(LIMITS.messageBytes + 1))],
  ['text that is not UTF-8', 1007, ({ socket }) => socket.send(Buffer.from([0xff, 0xfe]), { binary: false })],
  [
    'a message in too many fragments',
    1008,
    ({ socket }) => {
      for (let part = 0; part < 40; part += 1) socket.send('x', { fin: false });
    },
  ],
  ['a frame that is not masked', 1002, ({ socket }) => socket.send('{}', { mask: false })],
];
for (const [what, code, send] of CLOSING) {
  test(`${what} closes the socket with ${code}`, async () => {
    const client = await TestClient.connect(replica.url);
    send(client);
    assert.equal(await client.closed(), code);
    await neighbourIsFine();
  });
}

test('a client that keeps sending malformed messages is closed with 4400', async () => {
  const client = await TestClient.connect(replica.url);
  for (let count = 0; count <= LIMITS.badMessagesPerMinute; count += 1) client.socket.send('nonsense');
  assert.equal(await client.closed(), 4400);
  await neighbourIsFine();
});

test('a client that sends above the rate is told how long to wait, and is closed with 4429 if it goes on', async () => {
  const client = await TestClient.connect(replica.url);
  // Too many even for a replica that needs a few seconds to read them.
  for (let count = 0; count < LIMITS.messageBurst * 3; count += 1) client.send({ type: 'ping', t: count });
  const error = await client.next('error');
  assert.equal(error.code, 'rate_limited');
  assert.ok(error.retryAfterMs! > 0 && error.retryAfterMs! < 1000);
  assert.equal(await client.closed(), 4429);
  await neighbourIsFine();
});

test('chat has a separate rate', async () => {
  const client = await TestClient.connect(replica.url);
  await client.request({ type: 'subscribe', channel: 'lobby' });
  let [said, refused] = [0, ''];
  const from = performance.now();
  while (refused === '' && said < 60) {
    const answer = await client.request({ type: 'publish', channel: 'lobby', data: { text: `line ${said}` } });
    if (answer.type === 'ack') said += 1;
    else refused = answer.code;
  }
  assert.equal(refused, 'rate_limited');
  assert.ok(said >= LIMITS.publishPerTenSeconds, `${said} lines`);
  // More are allowed with the time that the first ones take.
  const tens = (performance.now() - from) / 10_000;
  assert.ok(said <= LIMITS.publishPerTenSeconds * (1 + tens), `${said} lines`);
  client.close();
});

test('a connection is in at most the allowed number of games, even when it asks for all at once', async () => {
  const client = await TestClient.connect(replica.url);
  const games: string[] = [];
  for (let count = 0; count <= LIMITS.gamesPerConnection; count += 1) {
    const host = await TestClient.connect(replica.url);
    const created = await host.request({ type: 'create', players: 3 });
    games.push(created.type === 'ack' ? created.game! : '');
    host.close();
  }
  const answers = await Promise.all(games.map((game) => client.request({ type: 'join', game })));
  const refused = answers.filter(({ type }) => type === 'error');
  assert.deepEqual(
    refused.map((error) => error.type === 'error' && error.code),
    ['too_many_games'],
  );
  client.close();
});

test('a token that expires on an open socket closes it with 4401', async () => {
  const limits = { ...DEFAULT_LIMITS, sessionSeconds: 5 };
  const brief = await startTestReplica(redis.url, '2222', { limits });
  try {
    const client = await TestClient.connect(brief.url);
    assert.equal(await client.closed(), 4401);
  } finally {
    await brief.drain();
  }
});
