import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SignJWT } from 'jose';
import type { SessionAnswer } from '../../protocol/index.ts';
import type { Replica } from '../replica.ts';
import { TestClient } from '../testing/client.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { ORIGIN, SECRET, startTestReplica } from '../testing/replica.ts';
import { surplusCookies } from './session-routes.ts';

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

async function session(method: 'POST' | 'DELETE', headers: Record<string, string>, body: object = {}) {
  const response = await fetch(`${replica.url}/api/session`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    text,
    cookies: response.headers.getSetCookie(),
    answer: (text === '' ? {} : JSON.parse(text)) as SessionAnswer & { code?: string },
  };
}

/** A session in a cookie, as the page has it. */
async function pageSession(slot = '0') {
  const { status, answer, cookies } = await session('POST', { origin: ORIGIN }, { transport: 'cookie', slot });
  assert.equal(status, 201);
  return { player: answer.player, cookie: cookies[0]!.split(';')[0]!, answer };
}

for (const origin of [undefined, ORIGIN]) {
  const from = origin === undefined ? 'without an Origin' : 'from the page itself';
  test(`the cookie is never exchanged for a bearer token, ${from}`, async () => {
    const { player, cookie } = await pageSession();
    const { status, answer, text } = await session('POST', { cookie, ...(origin ? { origin } : {}) });
    assert.equal(status, 201);
    assert.notEqual(answer.player.id, player.id);
    assert.ok(!text.includes(player.id), 'nothing in the answer belongs to the player of the cookie');
  });
}

test('a bearer token is never exchanged for a cookie of the same player', async () => {
  const { answer } = await session('POST', {});
  const headers = { origin: ORIGIN, authorization: `Bearer ${answer.token}` };
  const exchanged = await session('POST', headers, { transport: 'cookie' });
  assert.notEqual(exchanged.answer.player.id, answer.player.id);
});

test('the answer to a page holds no token, and its ticket opens no socket and no session', async () => {
  const { answer } = await pageSession();
  assert.ok(!('token' in answer));
  const ticket = answer.ticket!;
  const renewed = await session('POST', { authorization: `Bearer ${ticket}` });
  assert.notEqual(renewed.answer.player.id, answer.player.id);
  const client = new TestClient(replica.url, ticket);
  const [, response] = await new Promise<[unknown, { statusCode?: number | undefined }]>((resolve) =>
    client.socket.once('unexpected-response', (request, message) => resolve([request, message])),
  );
  assert.equal(response.statusCode, 401);
});

test('a cookie without an Origin renews nothing and ends nothing', async () => {
  const { player, cookie } = await pageSession();
  assert.equal((await session('POST', { cookie }, { transport: 'cookie' })).status, 403);
  assert.equal((await session('DELETE', { cookie })).status, 403);
  const { answer } = await session('POST', { cookie, origin: ORIGIN }, { transport: 'cookie' });
  assert.equal(answer.player.id, player.id);
  assert.equal((await session('DELETE', { cookie, origin: ORIGIN })).status, 204);
});

test('a browser keeps 32 session cookies: the ones that end first make room', async () => {
  const token = (minutes: number) =>
    new SignJWT({ name: 'Ada' })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('ada')
      .setIssuer('gridlock')
      .setAudience('gridlock.v1')
      .setExpirationTime(`${minutes} min`)
      .sign(SECRET);
  const kept = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => `__Host-gridlock-tab${index}=${await token(100 + index)}`),
  );
  const headers = { origin: ORIGIN, cookie: ['theme=dark', ...kept].join('; ') };
  const { cookies } = await session('POST', headers, { transport: 'cookie', slot: 'newest' });
  const dropped = cookies.filter((cookie) => cookie.includes('Max-Age=0')).map((cookie) => cookie.split('=')[0]!);
  assert.deepEqual(
    dropped,
    Array.from({ length: 9 }, (_, index) => `__Host-gridlock-tab${index}`),
  );
  assert.ok(cookies.at(-1)!.startsWith('__Host-gridlock-newest='));
});

test('a session cookie that cannot be read makes room first', () => {
  const names = Array.from({ length: 32 }, (_, index) => `__Host-gridlock-${index}`);
  const cookies = Object.fromEntries(names.map((name) => [name, 'no token']));
  assert.deepEqual(surplusCookies(cookies, '__Host-gridlock-own'), ['__Host-gridlock-0']);
  assert.deepEqual(surplusCookies(cookies, '__Host-gridlock-0'), []);
});
