import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import { LIMITS } from '../../protocol/index.ts';
import { DEFAULT_LIMITS, LIMIT_VARIABLES, type ReplicaLimits } from '../limits.ts';
import type { Replica } from '../replica.ts';
import { guest, TestClient } from '../testing/client.ts';
import { ok, patiently } from '../testing/play.ts';
import { adminOf, startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, type Design, startTestReplica } from '../testing/replica.ts';
import { Allowances, TokenBucket } from './allowances.ts';
import { addressGroup, ClientAddress } from './client-address.ts';
import { Admission, type Place } from './handshake.ts';

let redis: TestRedis;
const running: Replica[] = [];

before(async () => {
  redis = await startRedis();
});
after(async () => {
  await Promise.all(running.map((replica) => replica.drain()));
  await redis?.stop();
});

let names = 3000;
async function replicaWith(limits: Partial<ReplicaLimits>, design: Design = 'stateless'): Promise<Replica> {
  const replica = await startTestReplica(redis.url, String((names += 1)), {
    design,
    limits: { ...DEFAULT_LIMITS, ...limits },
  });
  running.push(replica);
  return replica;
}

const perPlayer = (given: Partial<ReplicaLimits['perPlayer']>) => ({
  perPlayer: { ...DEFAULT_LIMITS.perPlayer, ...given },
});
const perAddress = (given: Partial<ReplicaLimits['perAddress']>) => ({
  perAddress: { ...DEFAULT_LIMITS.perAddress, ...given },
});

/** How a handshake is refused. */
async function refusal(url: string, token: string, address?: string) {
  const headers = { authorization: `Bearer ${token}`, ...(address ? { 'x-forwarded-for': address } : {}) };
  const client = new TestClient(url, token, { headers });
  const { status, retryAfter } = await new Promise<{ status: number; retryAfter: number }>((resolve) => {
    client.socket.once('upgrade', () => resolve({ status: 101, retryAfter: 0 }));
    client.socket.once('unexpected-response', (_, response) =>
      resolve({ status: response.statusCode!, retryAfter: Number(response.headers['retry-after']) }),
    );
  });
  return { status, retryAfter, close: () => client.close() };
}

test('a replica with as many sockets as allowed answers 503 with Retry-After, and has room again when one leaves', async () => {
  const { url } = await replicaWith({ sockets: 2 });
  const [one, two] = [await TestClient.connect(url), await TestClient.connect(url)];
  const { token } = await guest(url);
  const refused = await refusal(url, token);
  assert.equal(refused.status, 503);
  assert.ok(refused.retryAfter >= 1);
  one.close();
  await until(async () => {
    const again = await refusal(url, token);
    again.close();
    return again.status === 101;
  }, 'there is room again');
  two.close();
});

test('the players of all replicas together are bounded', async () => {
  const [first, second] = [await replicaWith({ players: 3 }), await replicaWith({ players: 3 })];
  const clients = [
    await TestClient.connect(first.url),
    await TestClient.connect(first.url),
    await TestClient.connect(second.url),
  ];
  const { token } = await guest(second.url);
  await until(async () => {
    const refused = await refusal(second.url, token);
    refused.close();
    return refused.status === 503;
  }, 'the other replica has reported its sockets');
  for (const client of clients) client.close();
});

test('an address has at most its allowed sockets, whatever others have', async () => {
  const { url } = await replicaWith(perAddress({ sockets: 1 }));
  const { token } = await guest(url);
  const held = await refusal(url, token, '203.0.113.1');
  assert.equal(held.status, 101);
  const again = await refusal(url, token, '203.0.113.1');
  assert.equal(again.status, 429);
  assert.ok(again.retryAfter >= 1);
  const elsewhere = await refusal(url, (await guest(url)).token, '203.0.113.2');
  assert.equal(elsewhere.status, 101);
  held.close();
  elsewhere.close();
});

test('a player who opens sockets one after the other is asked to wait', async () => {
  const { url } = await replicaWith(perPlayer({ socketsPerMinute: 3 }));
  const { token } = await guest(url);
  const statuses = [];
  for (let count = 0; count < 4; count += 1) {
    const { status, close } = await refusal(url, token);
    close();
    statuses.push(status);
  }
  assert.deepEqual(statuses, [101, 101, 101, 429]);
});

test('a new socket brings the player no new allowance of messages', async () => {
  const { url } = await replicaWith(perPlayer({ messagesPerSecond: 5 }));
  const { token } = await guest(url);
  const first = await TestClient.connect(url, token);
  const from = performance.now();
  for (let count = 0; count < 10; count += 1) first.send({ type: 'ping', t: count });
  await first.next('pong', ({ t }) => t === 9);
  const second = await TestClient.connect(url, token);
  for (let count = 0; count < 20; count += 1) second.send({ type: 'ping', t: count });
  const { code, retryAfterMs } = await second.next('error');
  assert.equal(code, 'rate_limited');
  assert.ok(retryAfterMs! > 0 && retryAfterMs! <= 1000);
  const answers = () => second.received.filter(({ type }) => type === 'pong' || type === 'error');
  await until(() => answers().length === 20, 'all are answered');
  // Only the allowance that accrues with time is left.
  const granted = answers().filter(({ type }) => type === 'pong').length;
  assert.ok(granted <= (5 * (performance.now() - from)) / 1000, `${granted} messages`);
  second.close();
});

test('bytes are counted as well as messages, and a message above the limit is not carried out', async () => {
  const { url } = await replicaWith(perPlayer({ bytesPerSecond: 4096 }));
  const client = await TestClient.connect(url);
  ok(await client.request({ type: 'subscribe', channel: 'lobby' }));
  // At once: in the time that answers take more is allowed.
  const answers = await Promise.all(
    Array.from({ length: 16 }, () =>
      client.request({ type: 'publish', channel: 'lobby', data: { text: '\u{1f980}'.repeat(500) } }),
    ),
  );
  const limited = answers.filter((answer) => answer.type === 'error');
  assert.ok(limited.length > 0);
  for (const { code, retryAfterMs } of limited) {
    assert.equal(code, 'rate_limited');
    assert.ok(retryAfterMs! > 0);
  }
  const said = answers.length - limited.length;
  const reader = await TestClient.connect(url);
  ok(await reader.request({ type: 'subscribe', channel: 'lobby' }));
  assert.equal((await reader.next('history')).messages.length, said);
  client.close();
  reader.close();
});

test('the messages of an address are counted over all of its players', async () => {
  const { url } = await replicaWith(perAddress({ messagesPerSecond: 3 }));
  const clients = await Promise.all(Array.from({ length: 6 }, () => TestClient.connect(url)));
  for (const client of clients) for (let count = 0; count < 4; count += 1) client.send({ type: 'ping', t: count });
  await until(
    () =>
      clients.some(({ received }) => received.some((item) => item.type === 'error' && item.code === 'rate_limited')),
    'somebody has to wait',
  );
  for (const client of clients) client.close();
});

test('a player makes at most the allowed number of games within a minute', async () => {
  const { url } = await replicaWith(perPlayer({ gamesPerMinute: 2 }));
  const client = await TestClient.connect(url);
  ok(await client.request({ type: 'create', players: 2 }));
  ok(await client.request({ type: 'match', players: 2 }));
  const answer = await client.request({ type: 'create', players: 2 });
  assert.equal(answer.type === 'error' && answer.code, 'rate_limited');
  assert.ok(answer.type === 'error' && answer.retryAfterMs! > 20_000);
  client.close();
});

test('a player who goes on after being told to wait is closed', async () => {
  const { url } = await replicaWith(perPlayer({ gamesPerMinute: 1 }));
  const client = await TestClient.connect(url);
  for (let count = 0; count <= LIMITS.badMessagesPerMinute + 1; count += 1) {
    client.send({ id: `c${count}`, type: 'create', players: 2 });
  }
  assert.equal(await client.closed(), 4429);
});

test('an address whose requests are refused too often is blocked for a while, and no other address is', async () => {
  const { url } = await replicaWith(perAddress({ refusalsPerMinute: 6 }));
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
  const [own, other] = ['203.0.113.20', '203.0.113.21'];
  const { token } = await guest(url);
  const client = await TestClient.connect(url, token, {
    headers: { ...from(own).headers, authorization: `Bearer ${token}` },
  });
  for (let count = 0; count <= 6; count += 1) client.socket.send('nonsense');
  assert.equal(await client.closed(), 4400);
  const post = async (address: string) => {
    const headers = { 'content-type': 'application/json', ...from(address).headers };
    return fetch(`${url}/api/session`, { method: 'POST', body: '{}', headers });
  };
  const shut = await post(own);
  assert.equal(shut.status, 429);
  assert.ok(Number(shut.headers.get('retry-after')) > 0);
  assert.equal((await refusal(url, token, own)).status, 429);
  assert.equal((await post(other)).status, 201);
  const { status, close } = await refusal(url, token, other);
  assert.equal(status, 101);
  close();
  await until(async () => (await post(own)).status === 201, 'it may come in again', 30_000);
});

test('sessions of an address are bounded, with 429 and Retry-After', async () => {
  const { url } = await replicaWith(perAddress({ sessionsPerMinute: 1 }));
  const post = (address: string) =>
    fetch(`${url}/api/session`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
    });
  // A hundred times as many at once.
  const statuses = await Promise.all(Array.from({ length: 110 }, async () => (await post('203.0.113.9')).status));
  const granted = statuses.filter((status) => status === 201).length;
  assert.ok(granted === 100 || granted === 101, `${granted} were granted`);
  assert.equal(statuses.filter((status) => status === 429).length, statuses.length - granted);
  assert.ok(Number((await post('203.0.113.9')).headers.get('retry-after')) > 0);
  assert.equal((await post('203.0.113.10')).status, 201);
});

for (const design of DESIGNS) {
  test(`${design}: the cluster has at most the allowed number of games, until one of them ends`, async () => {
    const { url } = await replicaWith({ games: 1 }, design);
    const [ada, bob] = [await TestClient.connect(url), await TestClient.connect(url)];
    // What other tests left behind counts as well: start from where there is none.
    const admin = adminOf(redis);
    await admin.flushall();
    const { game } = ok(await ada.request({ type: 'create', players: 2, size: 3, seconds: 5 }));
    await until(async () => (await admin.zcard('gridlock:{games}:open')) === 1, 'the game is counted');
    for (const type of ['create', 'match'] as const) {
      const refused = await bob.request({ type, players: 3 });
      assert.equal(refused.type === 'error' && refused.code, 'cluster_full', type);
      assert.ok(refused.type === 'error' && refused.retryAfterMs! > 0);
    }
    ok(await bob.request({ type: 'join', game: game! }));
    await ada.next('event', ({ event }) => event.kind === 'finished');
    ok(await patiently(bob, { type: 'create', players: 3 }, ['cluster_full', 'rate_limited']));
    admin.disconnect();
    ada.close();
    bob.close();
  });
}

for (const design of DESIGNS) {
  test(`${design}: each game that many players are matched into is counted until it ends, even if nobody follows it any more`, async () => {
    const { url } = await replicaWith({}, design);
    const admin = adminOf(redis);
    await admin.flushall();
    const players = await Promise.all(Array.from({ length: 20 }, () => TestClient.connect(url)));
    const answers = await Promise.all(
      players.map((player) => player.request({ type: 'match', players: 2, seconds: 8 })),
    );
    const games = new Set(answers.map((answer) => ok(answer).game));
    const counted = (count: number) =>
      until(async () => (await admin.zcard('gridlock:{games}:open')) === count, `${count} games are counted`, 30_000);
    await counted(games.size);
    for (const player of players) player.close();
    await counted(0);
    admin.disconnect();
  });
}

test('a player who joins one game after the other has to wait like one who makes games', async () => {
  const { url } = await replicaWith(perPlayer({ gamesPerMinute: 3 }));
  const [ada, bob] = [await TestClient.connect(url), await TestClient.connect(url)];
  const { game } = ok(await ada.request({ type: 'create', players: 3 }));
  let refused: string | undefined;
  const from = performance.now();
  let joins = 0;
  while (refused === undefined && joins < 100) {
    const answer = await bob.request({ type: 'join', game: game! });
    if (answer.type === 'error') refused = answer.code;
    else {
      joins += 1;
      ok(await bob.request({ type: 'leave', game: game! }));
    }
  }
  assert.equal(refused, 'rate_limited');
  assert.ok(joins >= 3 && joins <= 3 + (3 * (performance.now() - from)) / 60_000, `${joins} joins`);
  ada.close();
  bob.close();
});

test('a client that requests the history again and again is told to wait, and gets it after that', async () => {
  const { url } = await replicaWith({});
  const client = await TestClient.connect(url);
  const ask = () => client.request({ type: 'subscribe', channel: 'lobby' });
  const from = performance.now();
  let granted = 0;
  let answer = await ask();
  // One after the other: of many at once the last ones are not begun any more when the first ones take long.
  for (; answer.type === 'ack' && granted < 1000; answer = await ask()) granted += 1;
  assert.ok(granted >= 40 && granted <= 40 + (2 * (performance.now() - from)) / 1000, `${granted} histories`);
  assert.ok(answer.type === 'error');
  assert.equal(answer.code, 'rate_limited');
  assert.ok(answer.retryAfterMs! > 0 && answer.retryAfterMs! <= 1000);
  ok(await patiently(client, { type: 'subscribe', channel: 'lobby' }));
  client.close();
});

test('a client that sends control frames above the rate is closed with 4429, and a client that answers pings is not', async () => {
  const { url } = await replicaWith({});
  const [loud, quiet] = [await TestClient.connect(url), await TestClient.connect(url)];
  for (let count = 0; count < LIMITS.messageBurst * 3; count += 1) loud.socket.pong('x');
  for (let count = 0; count < 10; count += 1) quiet.socket.pong('x');
  assert.equal(await loud.closed(), 4429);
  quiet.send({ type: 'ping', t: 1 });
  await quiet.next('pong');
  assert.equal(quiet.closeCode, undefined);
  quiet.close();
});

test('a place is freed once, however often it is released', () => {
  const admission = new Admission({ ...DEFAULT_LIMITS, sockets: 2 });
  const places = [admission.enter('a'), admission.enter('b')] as Place[];
  assert.equal(admission.enter('c'), 'full');
  places[0]!.leave();
  places[0]!.leave();
  assert.equal(admission.sockets, 1);
  assert.equal(typeof admission.enter('c'), 'object');
  assert.equal(admission.enter('d'), 'full');
});

test('a bucket gives its burst, then its rate, and takes nothing when it refuses', () => {
  const bucket = new TokenBucket(10, 20, 0);
  assert.equal(bucket.take(0, 20), 0);
  assert.equal(bucket.take(0, 5), 500);
  assert.equal(bucket.take(499, 5), 1);
  assert.equal(bucket.take(500, 5), 0);
  assert.equal(bucket.isFull(2499), false);
  assert.equal(bucket.isFull(2500), true);
});

test('a player who has used nothing for a while is not remembered', () => {
  let now = 0;
  const allowances = new Allowances(DEFAULT_LIMITS, () => now);
  for (let player = 0; player < 100; player += 1) allowances.of(`p${player}`, '203.0.113.1').message(100);
  assert.equal(allowances.size, 101);
  allowances.sweep();
  assert.equal(allowances.size, 101);
  now = 60_000;
  allowances.sweep();
  assert.equal(allowances.size, 0);
  allowances.stop();
});

const requestFrom = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

test("what is said about a client's address is believed from the edge only", () => {
  const address = new ClientAddress();
  assert.equal(address.of(requestFrom('198.51.100.7', '203.0.113.1')), '198.51.100.7');
  assert.equal(address.of(requestFrom('127.0.0.1', '203.0.113.1')), '203.0.113.1');
  assert.equal(address.of(requestFrom('::ffff:10.1.2.3', '6.6.6.6, 203.0.113.1, 10.0.0.5')), '203.0.113.1');
  assert.equal(address.of(requestFrom('127.0.0.1', 'nonsense')), '127.0.0.1');
  assert.equal(address.of(requestFrom('127.0.0.1')), '127.0.0.1');
  assert.equal(new ClientAddress(['192.0.2.0/24']).of(requestFrom('127.0.0.1', '203.0.113.1')), '127.0.0.1');
  assert.throws(() => new ClientAddress(['everybody']));
});

test('addresses of IPv6 are counted by their /64', () => {
  assert.equal(addressGroup('203.0.113.1'), '203.0.113.1');
  assert.equal(addressGroup('2001:db8:1:2:3:4:5:6'), addressGroup('2001:db8:1:2::9'));
  assert.notEqual(addressGroup('2001:db8:1:2::9'), addressGroup('2001:db8:1:3::9'));
  assert.equal(addressGroup('::1'), '0:0:0:0::/64');
});

test('every limit that can be set is in the table of the README', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const name of Object.keys(LIMIT_VARIABLES)) assert.match(readme, new RegExp(`^\\| \`${name}\` \\|`, 'm'));
  assert.match(readme, /`TRUSTED_PROXIES`/);
});
