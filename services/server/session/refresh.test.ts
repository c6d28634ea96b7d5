import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { until } from '../../../tests/kit/wait.ts';
import { capture, grid } from '../../apps/grid/grid.ts';
import { createClient } from '../../client/node.ts';
import { type SessionAnswer, SUBPROTOCOL } from '../../protocol/index.ts';
import { StoreClock } from '../cluster/clock.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { createLogger } from '../ops/log.ts';
import { type Replica, startReplica } from '../replica.ts';
import { guest, TestClient } from '../testing/client.ts';
import { ok } from '../testing/play.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { ORIGIN, SECRET, settingsOf, startTestReplica, testConfig } from '../testing/replica.ts';

/** A clock that runs like that of Redis, this many milliseconds ahead. */
class ClockAhead extends StoreClock {
  ahead = 0;

  override now(): number {
    return super.now() + this.ahead;
  }
}

/** A short life, but long enough even if the machine pauses for a while. */
const SECONDS = 8;
let redis: TestRedis;
/** Whose tokens live shortly. */
let short: Replica;
let other: Replica;

before(async () => {
  redis = await startRedis();
  const limits = { ...DEFAULT_LIMITS, sessionSeconds: SECONDS };
  [short, other] = await Promise.all([
    startTestReplica(redis.url, '1111', { limits }),
    startTestReplica(redis.url, '2222', { limits }),
  ]);
});
after(async () => {
  await Promise.all([short?.drain(), other?.drain()]);
  await redis?.stop();
});

async function session(
  method: 'POST' | 'DELETE',
  headers: Record<string, string>,
  body: object = {},
  url = short.url,
): Promise<{ status: number; cookie: string | undefined; answer: SessionAnswer }> {
  const response = await fetch(`${url}/api/session`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const cookie = response.headers.get('set-cookie')?.split(';')[0];
  return { status: response.status, cookie, answer: (text === '' ? {} : JSON.parse(text)) as SessionAnswer };
}

async function closedAtEnd(client: TestClient): Promise<number> {
  await until(() => client.closeCode !== undefined, 'the token has ended', 3 * SECONDS * 1000);
  return client.closeCode!;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const signed = (player: string, expiry: string, audience = 'gridlock.v1') =>
  new SignJWT({ name: 'Ada' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(player)
    .setIssuer('gridlock')
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(expiry)
    .sign(SECRET);

describe('a token and its socket', { concurrency: true }, () => {
  test('a socket whose token is not refreshed is closed with 4401 when the token ends, and not before', async () => {
    const { token, expiresAt } = await guest(short.url);
    const client = await TestClient.connect(short.url, token);
    assert.equal((await client.next('welcome')).expiresAt, expiresAt);
    assert.equal(await closedAtEnd(client), 4401);
    assert.ok(Date.now() >= expiresAt - 5, 'not before its end');
  });

  test('a socket is not closed early where the clock of the store was known badly when it came', async (t) => {
    const clock = new ClockAhead();
    const config = testConfig(settingsOf(redis.url), '4444', {
      limits: { ...DEFAULT_LIMITS, sessionSeconds: SECONDS },
    });
    const own = await startReplica(config, grid, createLogger('silent', '4444'), undefined, clock);
    t.after(() => own.drain());
    await until(() => own.readiness.reason === undefined, 'the replica is ready');
    const { token, expiresAt } = await guest(own.url);
    clock.ahead = 2000;
    const client = await TestClient.connect(own.url, token);
    clock.ahead = 0;
    assert.equal(await closedAtEnd(client), 4401);
    assert.ok(Date.now() >= expiresAt - 5, 'not before its end');
  });

  test('a socket that shows a new token goes on beyond the end of the first one', async () => {
    const { token, player, expiresAt } = await guest(short.url);
    const client = await TestClient.connect(short.url, token);
    const answer = ok(await client.request({ type: 'refresh', token: await signed(player.id, '1h') }));
    assert.ok(answer.expiresAt! > Date.now() + 3_500_000);
    await until(() => Date.now() > expiresAt + 300, 'the first token has ended');
    client.send({ type: 'ping', t: 1 });
    await client.next('pong');
    assert.equal(client.closeCode, undefined);
    client.close();
  });

  test("a token that is forged, expired, somebody else's or not meant for this extends nothing", async () => {
    const { token, player, expiresAt } = await guest(short.url);
    const client = await TestClient.connect(short.url, token);
    const bad = [
      `${await signed(player.id, '1h')}x`,
      await signed(player.id, '1 minute ago'),
      await signed('somebody', '1h'),
      await signed(player.id, '1h', 'elsewhere'),
      (await guest(short.url)).token,
    ];
    for (const shown of bad) {
      const answer = await client.request({ type: 'refresh', token: shown });
      assert.equal(answer.type === 'error' && answer.code, 'unauthorized');
    }
    assert.equal(short.sockets.ofPlayer(player.id)[0]?.expiresAt, expiresAt);
    assert.equal(await closedAtEnd(client), 4401);
  });

  test('an older token does not shorten what a newer one granted', async () => {
    const { token, player } = await guest(short.url);
    const client = await TestClient.connect(short.url, token);
    const granted = ok(await client.request({ type: 'refresh', token: await signed(player.id, '1h') }));
    assert.equal(ok(await client.request({ type: 'refresh', token })).expiresAt, granted.expiresAt);
    client.close();
  });

  test('the ticket that comes with a renewed cookie extends the socket, and opens none', async () => {
    const first = await session('POST', { origin: ORIGIN }, { transport: 'cookie' });
    const socket = new WebSocket(`${short.url.replace('http', 'ws')}/ws`, SUBPROTOCOL, {
      headers: { cookie: first.cookie!, origin: ORIGIN },
    });
    const received: { type: string; expiresAt?: number }[] = [];
    socket.on('message', (data) => received.push(...[JSON.parse(String(data))].flat()));
    await until(() => received.some(({ type }) => type === 'welcome'), 'the page is welcomed');
    await until(() => Date.now() > first.answer.expiresAt - (SECONDS - 2) * 1000, 'time has passed');
    const { answer } = await session('POST', { origin: ORIGIN, cookie: first.cookie! }, { transport: 'cookie' });
    assert.equal(answer.token, undefined);
    assert.equal(answer.player.id, first.answer.player.id);
    socket.send(JSON.stringify({ type: 'refresh', id: 'r1', token: answer.ticket }));
    await until(() => received.some(({ type }) => type === 'ack'), 'it is acknowledged');
    assert.equal(received.find(({ type }) => type === 'ack')?.expiresAt, answer.expiresAt);
    socket.terminate();
    const refused = new TestClient(short.url, answer.ticket!);
    const [code] = await new Promise<[number]>((resolve) => {
      refused.socket.once('unexpected-response', (_, response) => resolve([response.statusCode!]));
    });
    assert.equal(code, 401);
    refused.close();
  });

  test('a token that ended a while ago still makes a new one of the same player, and opens no socket', async () => {
    const { player } = await guest(short.url);
    const ended = await signed(player.id, '1 second ago');
    const renewed = await session('POST', bearer(ended));
    assert.equal(renewed.answer.player.id, player.id);
    const long = await signed(player.id, `${SECONDS + 60} seconds ago`);
    assert.notEqual((await session('POST', bearer(long))).answer.player.id, player.id);
  });

  test('the SDK keeps its socket over many lives of a token', async (t) => {
    // The SDK renews after up to 85 % of a life. The rest must be longer than any pause of the machine.
    const seconds = 20;
    const own = await startTestReplica(redis.url, '3333', { limits: { ...DEFAULT_LIMITS, sessionSeconds: seconds } });
    t.after(() => own.drain());
    const client = createClient({ url: own.url });
    const states: string[] = [];
    client.on('state', ({ state }) => states.push(state));
    const { expiresAt, connection } = await client.connect();
    await until(() => Date.now() > expiresAt! + 2 * seconds * 1000, 'three lives have passed', 5 * seconds * 1000);
    assert.equal(client.health.connection, connection);
    assert.equal(client.health.reconnects, 0);
    client.close();
  });

  test('the SDK that could not renew gets a new session as the same player and resumes its game', async () => {
    const client = createClient({ room: grid, url: short.url });
    const first = await client.connect();
    const { code: game } = await client.create({ players: 2 });
    // As if the token had ended while the machine slept.
    for (const connection of short.sockets.ofPlayer(first.player.id)) connection.close('unauthorized');
    await until(() => client.health.reconnects === 1, 'it came back');
    assert.equal(client.player?.id, first.player.id);
    const bob = await TestClient.connect(other.url);
    ok(await bob.request({ type: 'join', game }));
    await until(() => client.room(game)?.state.status === 'active', 'it sees the game go on');
    await client.send(game, capture(4));
    client.close();
    bob.close();
  });

  test('a log-out closes the player’s sockets on every replica and makes the tokens invalid', async () => {
    const { token, player } = await guest(short.url);
    const client = await TestClient.connect(short.url, token);
    const ended = await session('DELETE', bearer(token), {}, other.url);
    assert.equal(ended.status, 204);
    assert.equal(await client.closed(), 4401);
    assert.equal((await session('DELETE', {}, {}, other.url)).status, 401);
    const refused = new TestClient(other.url, token);
    const status = await new Promise<number>((resolve) => {
      refused.socket.once('unexpected-response', (_, response) => resolve(response.statusCode!));
    });
    assert.equal(status, 401);
    refused.close();
    assert.notEqual((await session('POST', bearer(token))).answer.player.id, player.id, 'a new guest');
  });

  test('a page of another origin cannot log anybody out', async () => {
    const { cookie } = await session('POST', { origin: ORIGIN }, { transport: 'cookie' });
    const { status } = await session('DELETE', { origin: 'https://evil.test', cookie: cookie! });
    assert.equal(status, 403);
  });
});
