import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Replica } from '../replica.ts';
import { guest, TestClient } from '../testing/client.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { startTestReplica } from '../testing/replica.ts';

let redis: TestRedis;
let one: Replica;
let two: Replica;

before(async () => {
  redis = await startRedis();
  [one, two] = await Promise.all([startTestReplica(redis.url, '1111'), startTestReplica(redis.url, '2222')]);
});
after(async () => {
  await Promise.all([one?.drain(), two?.drain()]);
  await redis?.stop();
});

const attempt = (text: string) => ({ query: `?slot=0&attempt=${text}` });

/** The status that an upgrade is answered with. */
async function statusOf({ url }: Replica, token: string, text: string): Promise<number> {
  const { socket } = new TestClient(url, token, attempt(text));
  const status = await new Promise<number>((resolve) => {
    socket.on('open', () => resolve(101));
    socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode!));
  });
  socket.terminate();
  return status;
}

test('an attempt to connect that arrives after a newer one of the same client is refused with 409, and the newer stays', async () => {
  const { token } = await guest(one.url);
  const client = await TestClient.connect(one.url, token, attempt('abcdefgh.12'));
  assert.equal(await statusOf(two, token, 'abcdefgh.9'), 409);
  assert.equal(await statusOf(two, token, 'abcdefgh.12'), 409);
  assert.equal(
    (await client.request({ type: 'publish', channel: 'lobby', data: { text: 'still here' } })).type,
    'error',
  );
  assert.equal(client.closeCode, undefined);
  client.socket.close();
});

test('the next attempt of the same client, any of another client and one without a number replace it', async () => {
  const { token } = await guest(one.url);
  let before = await TestClient.connect(one.url, token, attempt('abcdefgh.5'));
  for (const options of [
    attempt('abcdefgh.6'),
    attempt('ijklmnop.1'),
    {},
    attempt('ijklmnop.1'),
    attempt('nonsense'),
  ]) {
    const next = await TestClient.connect(two.url, token, options);
    assert.equal(await before.closed(), 4409);
    before = next;
  }
  before.socket.close();
});

test('requests of a refused attempt are refused, too', async () => {
  const { token } = await guest(one.url);
  const client = await TestClient.connect(one.url, token, attempt('abcdefgh.2'));
  for (const path of ['/poll', '/sse']) {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const answer = await fetch(`${two.url}${path}?slot=0&attempt=abcdefgh.1`, { method: 'POST', headers, body: '{}' });
    assert.equal(answer.status, 409);
    assert.match(await answer.text(), /newer attempt/);
  }
  assert.equal(client.closeCode, undefined);
  client.socket.close();
});
