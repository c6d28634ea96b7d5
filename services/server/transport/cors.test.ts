import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Replica } from '../replica.ts';
import { guest } from '../testing/client.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { ORIGIN, startTestReplica } from '../testing/replica.ts';

const OTHER = 'https://app.example';
const PATHS = ['/api/session', '/sse', '/poll', '/send'];

let redis: TestRedis;
let replica: Replica;

before(async () => {
  redis = await startRedis();
  replica = await startTestReplica(redis.url, '1111', { allowedOrigins: new Set([ORIGIN, OTHER]) });
});
after(async () => {
  await replica?.drain();
  await redis?.stop();
});

const preflight = (path: string, origin: string, method = 'POST') =>
  fetch(`${replica.url}${path}`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization,content-type',
    },
  });

/** What a browser looks at. */
const allowed = ({ headers }: Response) =>
  ['origin', 'credentials', 'methods', 'headers'].map((name) => headers.get(`access-control-allow-${name}`));

for (const path of PATHS) {
  const methods = path === '/api/session' ? 'POST, DELETE' : 'POST';
  test(`a preflight of an allowed origin for ${path} is answered with what it may send`, async () => {
    const response = await preflight(path, OTHER);
    assert.equal(response.status, 204);
    assert.deepEqual(allowed(response), [OTHER, 'true', methods, 'Authorization, Content-Type']);
    assert.equal(response.headers.get('vary'), 'Origin');
    assert.match(response.headers.get('access-control-max-age')!, /^\d+$/);
  });

  test(`a preflight of another origin for ${path} is refused with 403 and allows nothing`, async () => {
    for (const origin of ['https://evil.example', 'null', 'https://app.example.evil.example', 'http://app.example']) {
      const response = await preflight(path, origin);
      assert.equal(response.status, 403);
      assert.deepEqual(allowed(response), [null, null, null, null]);
      assert.equal(response.headers.get('vary'), 'Origin');
    }
  });
}

test('what a page of an allowed origin asks it may read, refusals and streams included', async () => {
  const { token } = await guest(replica.url);
  const post = (path: string, body: object, headers: object) =>
    fetch(`${replica.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: OTHER, ...headers },
      body: JSON.stringify(body),
    });
  const own = { authorization: `Bearer ${token}` };
  const answers: [number, Response][] = [
    [201, await post('/api/session', {}, {})],
    [400, await post('/api/session', { what: 1 }, {})],
    [401, await post('/sse', {}, {})],
    [200, await post('/poll', {}, own)],
    [200, await post('/sse', {}, own)],
  ];
  for (const [status, response] of answers) {
    assert.equal(response.status, status);
    assert.deepEqual(allowed(response).slice(0, 2), [OTHER, 'true']);
    assert.equal(response.headers.get('access-control-expose-headers'), 'Retry-After, gridlock-protocol');
    assert.equal(response.headers.get('vary'), 'Origin');
    await response.body?.cancel();
  }
});

test('a page of another origin may read nothing, and gets 403', async () => {
  for (const path of PATHS.slice(0, 3)) {
    const response = await fetch(`${replica.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://evil.example' },
      body: '{}',
    });
    assert.equal(response.status, 403);
    assert.deepEqual(allowed(response), [null, null, null, null]);
  }
});

test('the page itself is for no other origin to read', async () => {
  const response = await fetch(replica.url, { headers: { origin: OTHER } });
  assert.deepEqual(allowed(response), [null, null, null, null]);
});
