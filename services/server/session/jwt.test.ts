import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { SignJWT, UnsecuredJWT } from 'jose';
import { WebSocket } from 'ws';
import { until } from '../../../tests/kit/wait.ts';
import { type SessionAnswer, SUBPROTOCOL } from '../../protocol/index.ts';
import type { Config } from '../config.ts';
import type { Replica } from '../replica.ts';
import { guest, TestClient } from '../testing/client.ts';
import { AUDIENCE, IdentityProvider, ISSUER, payload, seconds } from '../testing/identity-provider.ts';
import { ok } from '../testing/play.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { ORIGIN, startTestReplica } from '../testing/replica.ts';

let provider: IdentityProvider;
let redis: TestRedis;
let replica: Replica;
/** Lets no guests in. */
let closed: Replica;

const issuerAt = (keys: URL): NonNullable<Config['issuer']> => ({
  issuer: ISSUER,
  audience: AUDIENCE,
  keys,
  nameClaim: 'name',
  idClaim: 'sub',
});

before(async () => {
  [redis, provider] = await Promise.all([startRedis(), IdentityProvider.start()]);
  const issuer = issuerAt(provider.url);
  [replica, closed] = await Promise.all([
    startTestReplica(redis.url, '1111', { issuer }),
    startTestReplica(redis.url, '2222', { issuer, guests: false }),
  ]);
});
after(async () => {
  await Promise.all([replica?.drain(), closed?.drain()]);
  await Promise.all([redis?.stop(), provider?.stop()]);
});

type Answer = SessionAnswer & { code?: string; message?: string };

async function session(
  method: 'POST' | 'DELETE',
  token: string | undefined,
  {
    url = replica.url,
    body = {},
    headers = {},
  }: { url?: string; body?: object; headers?: Record<string, string> } = {},
): Promise<{ status: number; answer: Answer; cookie: string | undefined }> {
  const response = await fetch(`${url}/api/session`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const cookie = response.headers.get('set-cookie')?.split(';')[0];
  return { status: response.status, answer: (text === '' ? {} : JSON.parse(text)) as Answer, cookie };
}

/** The status that an upgrade is refused with. */
async function refusal(url: string, token: string): Promise<number> {
  const client = new TestClient(url, token);
  const status = await new Promise<number>((resolve) => {
    client.socket.once('unexpected-response', (_, response) => resolve(response.statusCode!));
    client.socket.once('open', () => resolve(101));
  });
  client.close();
  return status;
}

/** A short time in seconds, but long enough even if the machine pauses for a while. */
const SHORTLY = 8;

let users = 0;
/** A new user. */
const user = () => `user-${(users += 1)}-${seconds()}`;

describe('a JWT', { concurrency: true }, () => {
  test('opens a connection as the player that it names', async () => {
    const sub = user();
    const client = await TestClient.connect(replica.url, await provider.token({ sub, name: 'Ada' }));
    const { player, expiresAt } = await client.next('welcome');
    assert.deepEqual(player, { id: sub, name: 'Ada' });
    assert.ok(Math.abs(expiresAt! - Date.now() - 3_600_000) < 60_000);
    client.close();
  });

  test('opens no connection when it is expired, not valid yet, of another issuer or audience, or wrongly signed', async () => {
    const secret = new TextEncoder().encode(await provider.publicPem());
    await provider.addKey('hidden', 'ES256', false);
    const bad = {
      expired: provider.token({ exp: seconds(-1) }),
      early: provider.token({ nbf: seconds(60) }),
      issuer: provider.token({ iss: 'https://other.example/' }),
      audience: provider.token({ aud: 'others' }),
      endless: provider.token({ exp: null }),
      key: provider.token({}, 'hidden'),
      secret: new SignJWT(payload({})).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret),
      none: new UnsecuredJWT(payload({})).encode(),
    };
    for (const [what, token] of Object.entries(bad)) {
      assert.equal(await refusal(replica.url, await token), 401, what);
      const { status, answer } = await session('POST', await token);
      assert.deepEqual([status, answer.code], [401, 'unauthorized'], what);
      assert.match(answer.message!, /^The JWT .+\.$/, what);
    }
  });

  test('that is good for days opens a connection for as long as other tokens do, which it can extend', async () => {
    const token = await provider.token({ sub: user(), exp: seconds(20 * 24 * 3600) });
    const client = await TestClient.connect(replica.url, token);
    const { expiresAt } = await client.next('welcome');
    assert.ok(expiresAt! <= Date.now() + 12 * 3_600_000 + 1000);
    assert.ok(ok(await client.request({ type: 'refresh', token })).expiresAt! >= expiresAt!);
    client.close();
  });

  test('closes its connection with 4401 when it ends', async () => {
    const exp = seconds(SHORTLY);
    const client = await TestClient.connect(replica.url, await provider.token({ sub: user(), exp }));
    await until(() => client.closeCode !== undefined, 'the JWT has ended', 4 * SHORTLY * 1000);
    assert.equal(client.closeCode, 4401);
    // By the store's clock, of which a replica has an estimate.
    const earlyMs = exp * 1000 - Date.now();
    assert.ok(earlyMs < 250, `${earlyMs} ms before its end`);
  });

  test('extends an open connection of its player, and of no other', async () => {
    const sub = user();
    const client = await TestClient.connect(replica.url, await provider.token({ sub, exp: seconds(60) }));
    const exp = seconds(600);
    const granted = ok(await client.request({ type: 'refresh', token: await provider.token({ sub, exp }) }));
    assert.equal(granted.expiresAt, exp * 1000);
    for (const claims of [{ sub: user() }, { sub, exp: seconds(-1) }]) {
      const answer = await client.request({ type: 'refresh', token: await provider.token(claims) });
      assert.equal(answer.type === 'error' && answer.code, 'unauthorized');
    }
    client.close();
  });

  test('carries a connection without a WebSocket, also after the one that opened it has ended', async () => {
    const sub = user();
    const exp = seconds(SHORTLY);
    const first = await provider.token({ sub, exp });
    const post = (path: string, token: string, body: object) =>
      fetch(`${replica.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
    const [head = ''] = (await (await post('/poll', first, {})).text()).split('\n');
    const { connection } = JSON.parse(head) as { connection: string };
    const messages = [{ type: 'refresh', id: 'r1', token: await provider.token({ sub }) }];
    assert.equal((await post('/send', first, { connection, number: 1, messages })).status, 204);
    await until(() => Date.now() > exp * 1000 + 500, 'the first one has ended', 4 * SHORTLY * 1000);
    assert.equal(await refusal(replica.url, first), 401);
    assert.equal(
      (await post('/send', first, { connection, number: 2, messages: [{ type: 'ping', t: 1 }] })).status,
      204,
    );
    const other = await provider.token({ sub: user() });
    assert.equal((await post('/send', other, { connection, number: 3, messages: [] })).status, 410);
  });

  test('is distinguished from a guest’s token by its issuer, and a token that is not a JWT still makes a guest', async () => {
    const { status, answer } = await session('POST', 'something');
    assert.equal(status, 201);
    assert.match(answer.player.id, /^[\w-]{12}$/);
  });
});

describe('a session that was exchanged for a JWT', { concurrency: true }, () => {
  test('is of the same player, whatever name is asked for, and opens a connection', async () => {
    const sub = user();
    const { status, answer } = await session('POST', await provider.token({ sub, name: 'Ada' }), {
      body: { name: 'Eve' },
    });
    assert.equal(status, 201);
    assert.deepEqual(answer.player, { id: sub, name: 'Ada' });
    const client = await TestClient.connect(replica.url, answer.token);
    assert.deepEqual((await client.next('welcome')).player, answer.player);
    client.close();
  });

  test('ends with the JWT, however often it is renewed without one', async () => {
    const exp = seconds(SHORTLY);
    let { answer } = await session('POST', await provider.token({ sub: user(), exp }));
    assert.equal(answer.expiresAt, exp * 1000);
    const { player } = answer;
    ({ answer } = await session('POST', answer.token));
    assert.deepEqual([answer.player, answer.expiresAt], [player, exp * 1000]);
    await until(() => Date.now() > exp * 1000 + 500, 'the JWT has ended', 4 * SHORTLY * 1000);
    assert.equal(await refusal(replica.url, answer.token!), 401);
    const { answer: after } = await session('POST', answer.token);
    assert.notEqual(after.player.id, player.id);
    assert.equal((await session('POST', answer.token, { url: closed.url })).answer.code, 'no_guests');
  });

  test('goes on with a newer JWT, also on the connection that is open', async () => {
    const sub = user();
    const first = await session('POST', await provider.token({ sub, exp: seconds(60) }));
    const client = await TestClient.connect(replica.url, first.answer.token);
    const exp = seconds(600);
    const second = await session('POST', await provider.token({ sub, exp }));
    const granted = ok(await client.request({ type: 'refresh', token: second.answer.token! }));
    assert.equal(granted.expiresAt, exp * 1000);
    const stranger = await session('POST', await provider.token({ sub: user() }));
    const refused = await client.request({ type: 'refresh', token: stranger.answer.token! });
    assert.equal(refused.type === 'error' && refused.code, 'unauthorized');
    client.close();
  });

  test('may be in a cookie, whose ticket extends the connection', async () => {
    const sub = user();
    const trade = async (exp: number) =>
      session('POST', await provider.token({ sub, exp }), {
        body: { transport: 'cookie' },
        headers: { origin: ORIGIN },
      });
    const { answer, cookie } = await trade(seconds(60));
    assert.equal('token' in answer, false);
    const client = new TestClient(replica.url, '', { headers: { cookie: cookie!, origin: ORIGIN } });
    assert.equal((await client.next('welcome')).player.id, sub);
    const exp = seconds(600);
    const { answer: newer } = await trade(exp);
    assert.equal(ok(await client.request({ type: 'refresh', token: newer.ticket! })).expiresAt, exp * 1000);
    client.close();
  });

  test('never lasts longer than other sessions', async () => {
    const { answer } = await session('POST', await provider.token({ sub: user(), exp: seconds(20 * 24 * 3600) }));
    assert.ok(answer.expiresAt <= Date.now() + 12 * 3_600_000);
  });
});

describe('where no guests are let in', { concurrency: true }, () => {
  test('a session without a JWT is refused with a stable sentence', async () => {
    const { status, answer } = await session('POST', undefined, { url: closed.url });
    assert.deepEqual(
      [status, answer.code, answer.message],
      [401, 'no_guests', 'Guests may not play here; sign in first.'],
    );
  });

  test('the token of a guest is refused, and a traded token is accepted', async () => {
    const { token } = await guest(replica.url);
    assert.equal(await refusal(closed.url, token), 401);
    assert.equal((await session('POST', token, { url: closed.url })).answer.code, 'no_guests');
    const { answer } = await session('POST', await provider.token({ sub: user() }), { url: closed.url });
    const client = await TestClient.connect(closed.url, answer.token);
    client.close();
  });
});

test('logging out closes the player’s sockets and ends older JWTs and sessions; a newer JWT signs in again', async () => {
  const sub = user();
  const old = await provider.token({ sub });
  const { answer } = await session('POST', old);
  const client = await TestClient.connect(replica.url, answer.token);
  assert.equal((await session('DELETE', old, { url: closed.url })).status, 204);
  assert.equal(await client.closed(), 4401);
  for (const token of [old, answer.token!]) assert.equal(await refusal(replica.url, token), 401);
  const again = await session('POST', old);
  assert.equal(again.status, 401);
  assert.match(again.answer.message!, /logged out/);
  // The clocks of issuer and store may differ by seconds, for which a new one counts as older.
  let newer = '';
  await until(
    async () => (await session('POST', (newer = await provider.token({ sub })))).status === 201,
    'it is newer',
    15_000,
  );
  const back = await TestClient.connect(replica.url, newer);
  assert.equal((await back.next('welcome')).player.id, sub);
  assert.equal(await refusal(replica.url, old), 401);
  back.close();
});

test('before the keys of the issuer are read, no JWT is called invalid', async (t) => {
  const away = await IdentityProvider.start();
  t.after(() => away.stop());
  away.status = 503;
  const own = await startTestReplica(redis.url, '3333', { issuer: issuerAt(away.url) });
  t.after(() => own.drain());
  const token = await away.token();
  assert.equal(await refusal(own.url, token), 503);
  const { status, answer } = await session('POST', token, { url: own.url });
  assert.deepEqual([status, answer.code], [503, 'unavailable']);
  const client = await TestClient.connect(own.url);
  const refreshed = await client.request({ type: 'refresh', token });
  assert.equal(refreshed.type === 'error' && refreshed.code, 'unavailable');
  client.close();
  away.status = 200;
  await until(async () => (await session('POST', token, { url: own.url })).status === 201, 'the keys are there');
});

test('a page may send its token as a subprotocol, which is never answered', async () => {
  const { answer } = await session('POST', await provider.token({ sub: user() }));
  /** The status of the upgrade, and the subprotocol that was chosen. */
  const open = (origin: string, ...protocols: string[]) =>
    new Promise<[status: number, protocol: string | undefined]>((resolve) => {
      const socket = new WebSocket(`${replica.url.replace('http', 'ws')}/ws`, protocols, { origin });
      const tell = ({ statusCode, headers }: IncomingMessage) => {
        resolve([statusCode!, headers['sec-websocket-protocol']]);
        socket.terminate();
      };
      socket.once('upgrade', tell).once('unexpected-response', (_, response) => tell(response));
      socket.on('error', () => undefined);
    });
  const offer = `${SUBPROTOCOL}.bearer.${answer.token}`;
  assert.deepEqual(await open(ORIGIN, SUBPROTOCOL, offer), [101, SUBPROTOCOL]);
  assert.deepEqual(await open(ORIGIN, offer, SUBPROTOCOL), [101, SUBPROTOCOL]);
  assert.deepEqual(await open(ORIGIN, offer), [101, undefined]);
  assert.deepEqual(await open('https://evil.test', SUBPROTOCOL, offer), [403, undefined]);
  assert.deepEqual(await open(ORIGIN, SUBPROTOCOL, `${offer}x`), [401, undefined]);
});
