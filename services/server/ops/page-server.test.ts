import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { until } from '../../../tests/kit/wait.ts';
import type { OperationsEvent, OperationsMessage } from '../../protocol/operations.ts';
import { buildPage } from '../../web/build.ts';
import type { Replica } from '../replica.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { startTestReplica } from '../testing/replica.ts';

const RUN = {
  scenario: 'smoke',
  startedAt: 1_800_000_000_000,
  seconds: 30,
  passed: true,
  thresholds: [],
  summary: { vus: 3 },
};

/** What a page is told. */
class Viewer {
  readonly messages: OperationsMessage[] = [];
  readonly socket: WebSocket;

  constructor(replica: Replica, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`${replica.internalUrl.replace('http', 'ws')}/ops/ws`, { headers });
    this.socket.on('message', (data) => this.messages.push(JSON.parse(String(data)) as OperationsMessage));
    this.socket.on('error', () => undefined);
  }

  last<Type extends OperationsMessage['type']>(type: Type) {
    return this.messages.findLast((message) => message.type === type) as
      | Extract<OperationsMessage, { type: Type }>
      | undefined;
  }

  get events(): readonly OperationsEvent[] {
    return this.last('events')?.events ?? [];
  }

  stateOf(replica: string) {
    return this.last('tick')?.replicas.find((one) => one.replica === replica)?.state;
  }
}

/** Not fetch: it does not let the Host be another. */
function get(url: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number | undefined; body: string; headers: NodeJS.Dict<string | string[]> }>(
    (resolve, reject) => {
      request(url, { headers }, (response) => {
        let body = '';
        response.on('data', (chunk) => (body += String(chunk)));
        response.on('end', () => resolve({ status: response.statusCode, body, headers: response.headers }));
      })
        .on('error', reject)
        .end();
    },
  );
}

describe('the operations page on the internal port', () => {
  let redis: TestRedis;
  let webRoot: string;
  let one: Replica;
  let two: Replica;
  before(async () => {
    redis = await startRedis();
    webRoot = await mkdtemp(join(tmpdir(), 'gridlock-ops-'));
    await buildPage(webRoot);
    const start = (appId: string) => startTestReplica(redis.url, appId, { webRoot });
    [one, two] = await Promise.all([start('1111'), start('2222')]);
  });
  after(async () => {
    await Promise.all([one?.drain(), two?.drain()]);
    await redis?.stop();
    await rm(webRoot, { recursive: true, force: true });
  });

  const post = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    fetch(`${one.internalUrl}/ops/run`, { method: 'POST', body, headers });

  test('is served there with a strict policy, and not on the public one', async () => {
    const page = await get(`${one.internalUrl}/ops/`);
    assert.equal(page.status, 200);
    assert.match(String(page.headers['content-security-policy']), /^default-src 'none'; script-src 'self'/);
    const [script] = /\/ops\/assets\/page-\w+\.js/.exec(page.body)!;
    const asset = await get(one.internalUrl + script);
    assert.deepEqual([asset.status, asset.headers['content-type']], [200, 'text/javascript; charset=utf-8']);
    assert.equal((await get(`${one.internalUrl}/ops`)).headers['location'], '/ops/');
    const detours = ['//ops/index.html', '/%6fps/index.html', '/x/../ops/index.html'];
    for (const path of ['/ops/', '/ops/index.html', script, ...detours]) {
      assert.ok([403, 404].includes((await get(one.url + path)).status!), path);
    }
  });

  test('gives no file from outside of its directory', async () => {
    for (const path of ['/ops/../index.html', '/ops/%2e%2e/index.html', '/ops/assets/..%2f..%2findex.html', '/ops/x']) {
      assert.equal((await get(one.internalUrl + path)).status, 404, path);
    }
  });

  test('is refused to pages of other origins, and under names that anybody could let lead there', async () => {
    const { host } = new URL(one.internalUrl);
    assert.equal((await get(`${one.internalUrl}/ops/`, { host: 'evil.example' })).status, 403);
    assert.equal((await get(`${one.internalUrl}/ops/`, { origin: 'https://evil.example' })).status, 403);
    assert.equal((await get(`${one.internalUrl}/ops/`, { host: 'localhost:9090' })).status, 200);
    const rebound = { host: 'evil.example', origin: 'http://evil.example' };
    for (const headers of [{ origin: 'https://evil.example' }, rebound] as Record<string, string>[]) {
      const { socket } = new Viewer(one, headers);
      const [, response] = await once(socket, 'unexpected-response');
      assert.equal((response as { statusCode: number }).statusCode, 403);
      socket.terminate();
    }
    const own = new Viewer(one, { origin: `http://${host}` });
    await until(() => own.last('hello') !== undefined, 'its own page is let in');
    own.socket.close();
  });

  test('the page of any replica reports every replica and its events', async () => {
    const viewers = [new Viewer(one), new Viewer(two)];
    for (const viewer of viewers) {
      const known = () => ['1111', '2222'].every((replica) => viewer.stateOf(replica) === 'ready');
      await until(known, 'both are ready');
      // A replica that was not ready for a moment became ready more than once.
      const became = () => viewer.events.flatMap(({ kind, replica }) => (kind === 'ready' ? [replica] : []));
      await until(() => new Set(became()).size === 2, 'both events are there');
      viewer.socket.close();
    }
    assert.deepEqual(
      viewers.map((viewer) => viewer.last('hello')?.replica),
      ['1111', '2222'],
    );
  });

  test('keeps what a load run says, and tells it to pages of every replica', async () => {
    const viewer = new Viewer(two);
    await until(() => viewer.last('run')?.run === null, 'there is none as yet');
    assert.equal((await post(JSON.stringify(RUN))).status, 204);
    await until(() => viewer.last('run')?.run?.scenario === 'smoke', 'the other replica reports it');
    assert.deepEqual(viewer.last('run')?.run, RUN);
    viewer.socket.close();
  });

  test('refuses a load run that is none, with what is wrong with it', async () => {
    const refusals = await Promise.all([
      post('{'),
      post(JSON.stringify({ ...RUN, passed: 'yes' })),
      post(JSON.stringify({ ...RUN, startedAt: 'yesterday' })),
      post('x'.repeat(70_000)),
      post(JSON.stringify(RUN), { 'content-type': 'text/plain' }),
      post(JSON.stringify(RUN), { 'content-type': 'application/json', origin: 'https://evil.example' }),
    ]);
    assert.deepEqual(
      refusals.map(({ status }) => status),
      [400, 400, 400, 413, 415, 403],
    );
    assert.match(await refusals[1]!.text(), /passed/);
  });

  test('reports a drain, a replica that left, and errors of Redis once they are over', async () => {
    const viewer = new Viewer(one);
    const three = await startTestReplica(redis.url, '3333');
    await until(() => viewer.stateOf('3333') === 'ready', 'the third is there');
    await three.drain();
    await until(() => viewer.events.some(({ kind, replica }) => kind === 'drain' && replica === '3333'), 'it drained');
    await until(() => viewer.stateOf('3333') === 'left', 'it has left', 20_000);
    await redis.kill();
    await until(() => one.readiness.reason !== undefined, 'the replica is not ready', 20_000);
    await redis.restart();
    const noted = (wanted: string) => viewer.events.some(({ kind, replica }) => kind === wanted && replica === '1111');
    await until(() => noted('redis') && noted('not_ready'), 'what could not be written then is there', 20_000);
    assert.ok(!viewer.events.some(({ kind }) => kind === 'gone'), 'nobody died');
    viewer.socket.close();
  });
});
