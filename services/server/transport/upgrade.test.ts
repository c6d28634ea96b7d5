import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { SUBPROTOCOL } from '../../protocol/index.ts';
import type { Replica } from '../replica.ts';
import { guest, TestClient } from '../testing/client.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { ORIGIN, SECRET, startTestReplica } from '../testing/replica.ts';

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

/** The handshake as plain HTTP: gives the status, or 101. */
async function handshake(headers: Record<string, string>, path = '/ws'): Promise<{ status: number; body: string }> {
  const request = httpRequest(`${replica.url}${path}`, {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-protocol': SUBPROTOCOL,
      ...headers,
    },
  }).end();
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode!, body: '' });
    });
    request.on('response', async (response: IncomingMessage) => {
      let body = '';
      for await (const part of response) body += part;
      resolve({ status: response.statusCode!, body });
    });
  });
}

async function cookieOf(slot: string): Promise<string> {
  const response = await fetch(`${replica.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: ORIGIN },
    body: JSON.stringify({ transport: 'cookie', slot }),
  });
  assert.equal(response.status, 201);
  assert.equal('token' in ((await response.json()) as object), false);
  const cookie = response.headers.get('set-cookie')!;
  for (const attribute of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Strict']) assert.ok(cookie.includes(attribute));
  return cookie.split(';')[0]!;
}

test('a handshake without a token is refused with 401 and a sentence', async () => {
  const { status, body } = await handshake({});
  assert.equal(status, 401);
  assert.match(body, /POST \/api\/session/);
});

test('a token that was signed elsewhere, has expired or is not meant for this is refused with 401', async () => {
  const sign = (secret: Uint8Array, audience: string, expiry: string) =>
    new SignJWT({ name: 'Eve' })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('eve')
      .setIssuer('gridlock')
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(expiry)
      .sign(secret);
  const good = await sign(SECRET, 'gridlock.v1', '1h');
  assert.equal((await handshake({ authorization: `Bearer ${good}` })).status, 101);
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1]}.`;
  const bad = [
    'nonsense',
    unsigned,
    `${good}x`,
    await sign(Buffer.alloc(32, 1), 'gridlock.v1', '1h'),
    await sign(SECRET, 'elsewhere', '1h'),
    await sign(SECRET, 'gridlock.v1', '1 minute ago'),
  ];
  for (const token of bad) assert.equal((await handshake({ authorization: `Bearer ${token}` })).status, 401, token);
});

test('a page of another origin is refused with 403, whatever it brings', async () => {
  const { token } = await guest(replica.url);
  const cookie = await cookieOf('0');
  for (const headers of [{ authorization: `Bearer ${token}` }, { cookie }, {}]) {
    const { status } = await handshake({ origin: 'https://evil.test', ...headers });
    assert.equal(status, 403);
  }
});

test('a cookie without an Origin is refused with 403, with the allowed one it is enough', async () => {
  const cookie = await cookieOf('tab1');
  assert.equal((await handshake({ cookie }, '/ws?slot=tab1')).status, 403);
  assert.equal((await handshake({ cookie, origin: ORIGIN }, '/ws?slot=tab1')).status, 101);
  assert.equal((await handshake({ cookie, origin: ORIGIN }, '/ws?slot=tab2')).status, 401);
});

test('the socket is at /ws only', async () => {
  const { token } = await guest(replica.url);
  assert.equal((await handshake({ authorization: `Bearer ${token}` }, '/socket')).status, 404);
  assert.equal((await handshake({ authorization: `Bearer ${token}` }, '//')).status, 404);
});

test('an unknown version of the protocol is answered with 426', async () => {
  assert.equal((await handshake({ 'sec-websocket-version': '7' })).status, 426);
});

test('a client that offers no known subprotocol is closed with 4406 and leaves the other socket alone', async () => {
  const { token } = await guest(replica.url);
  const good = await TestClient.connect(replica.url, token);
  for (const offered of [['chess.v1', 'go.v2'], []]) {
    const socket = new WebSocket(`${replica.url.replace('http', 'ws')}/ws`, offered, {
      headers: { authorization: `Bearer ${token}` },
    });
    const [code] = (await once(socket, 'close')) as [number];
    assert.equal(code, 4406);
  }
  good.send({ type: 'ping', t: 1 });
  await good.next('pong');
  good.close();
});

test('a session keeps its player when the token is sent along, and may change the name', async () => {
  const first = await guest(replica.url, { name: 'Ada' });
  const response = await fetch(`${replica.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${first.token}` },
    body: JSON.stringify({ name: 'Countess' }),
  });
  assert.deepEqual(((await response.json()) as { player: object }).player, { id: first.player.id, name: 'Countess' });
});

test('a session is refused to a page of another origin, to forms and to bad fields', async () => {
  const post = (headers: Record<string, string>, body: string) =>
    fetch(`${replica.url}/api/session`, { method: 'POST', headers, body });
  const json = { 'content-type': 'application/json' };
  assert.equal((await post({ ...json, origin: 'https://evil.test' }, '{}')).status, 403);
  assert.equal((await post({ 'content-type': 'text/plain' }, '{}')).status, 415);
  assert.equal((await post({ 'content-type': 'application/x-www-form-urlencoded' }, 'name=x')).status, 415);
  assert.equal((await post(json, '{"name":"\\u0007"}')).status, 400);
  assert.equal((await post(json, '{"admin":true}')).status, 400);
  assert.equal((await post(json, 'nonsense')).status, 400);
  assert.equal((await post(json, JSON.stringify({ name: 'x'.repeat(5000) }))).status, 413);
});
