// Only the permitted requests may break parts of a running cluster through its edge.
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import os from 'node:os';
import { after, before, describe, test } from 'node:test';
import { statePaths } from '../infra/local/state-paths.ts';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { BREAK_PARTS, type BreakStatus } from '../services/protocol/break-it.ts';
import { KeysFile, newKey } from '../services/server/testing/backend.ts';
import { trustingFetch } from './kit/trusting-fetch.ts';
import { until } from './kit/wait.ts';

/** An address of this machine that is not loopback: to the edge, requests from it come from elsewhere. */
const elsewhere = Object.values(os.networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

interface Way {
  /** The name or address that it uses. */
  readonly host: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly method?: string;
}

/** What the page of the cluster sends, changed in one way or another. Resolves with status and code. */
async function ask(cluster: Cluster, place: string, { host, headers = {}, method = 'POST' }: Way) {
  const { port } = new URL(cluster.url);
  const origin = `https://${host}:${port}`;
  const all = { origin, 'content-type': 'application/json', 'gridlock-break': 'page', ...headers };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  const body = method === 'GET' ? undefined : JSON.stringify(place === 'replica' ? { appId: '1111' } : {});
  const answer = await trustingFetch(cluster.rootPem)(`${origin}/break/${place}`, {
    method,
    headers: given as Record<string, string>,
    ...(body === undefined ? {} : { body }),
  });
  const told = (await answer.json()) as BreakStatus & { code?: string };
  return { status: answer.status, told };
}

/** The state that would differ if anything had been broken. */
async function traces(cluster: Cluster): Promise<unknown> {
  const { redis, edge, replicas, certificates } = await cluster.status();
  const processes = [redis, edge, ...replicas].map(({ pid, restarts }) => [pid, restarts]);
  return { processes, serials: certificates.map(({ serialNumber }) => serialNumber) };
}

async function assertRefused(cluster: Cluster, way: Way, expected: string): Promise<void> {
  const before = await traces(cluster);
  for (const part of BREAK_PARTS) {
    const { status, told } = await ask(cluster, part, way);
    assert.equal(`${status} ${told.code}`, expected, `${part} with ${JSON.stringify(way)}`);
  }
  assert.deepEqual(await traces(cluster), before);
}

/** Resolves when every strike so far is over. */
async function settled(cluster: Cluster, way: Way): Promise<BreakStatus> {
  let status: BreakStatus | undefined;
  const isOver = async () => {
    status = (await ask(cluster, 'status.json', { ...way, method: 'GET' }).catch(() => undefined))?.told;
    return status?.available === true && status.strikes.every(({ state }) => state !== 'under way');
  };
  await until(isOver, 'every strike is over', 60_000);
  return status!;
}

async function assertBreaks(cluster: Cluster, way: Way): Promise<void> {
  for (const part of BREAK_PARTS) {
    // A killed edge has no time to forward the answer.
    const answer = await ask(cluster, part, way).catch((error: Error) => (part === 'edge' ? undefined : error));
    if (part !== 'edge') assert.equal(answer && 'status' in answer && answer.status, 202, JSON.stringify(answer));
    const { strikes } = await settled(cluster, way);
    assert.deepEqual([strikes.at(-1)?.part, strikes.at(-1)?.state], [part, 'over']);
  }
}

describe('a cluster for this machine alone', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({ replicas: 1 });
  });
  after(() => cluster?.stop());

  test('a page of another origin, or of none, breaks nothing', async () => {
    for (const origin of ['https://evil.example', 'null', 'https://localhost:1', undefined])
      await assertRefused(cluster, { host: 'localhost', headers: { origin } }, '403 origin_not_allowed');
    await assertRefused(cluster, { host: 'localhost', headers: { 'gridlock-break': undefined } }, '403 header_missing');
  });

  test('a page under a name that was pointed here breaks nothing, and learns nothing', async () => {
    const way = { host: 'localhost', headers: { host: 'evil.example', origin: 'https://evil.example' } };
    await assertRefused(cluster, way, '421 misdirected');
    assert.equal((await ask(cluster, 'status.json', { ...way, method: 'GET' })).status, 421);
  });

  test('a preflight request of another origin is refused', async () => {
    const headers = { 'access-control-request-method': 'POST', origin: 'https://evil.example' };
    assert.equal((await ask(cluster, 'redis', { host: 'localhost', method: 'OPTIONS', headers })).status, 403);
  });

  test('a request that a proxy on this machine forwards breaks nothing', async () => {
    await assertRefused(cluster, { host: 'localhost', headers: { 'x-forwarded-for': '192.0.2.7' } }, '403 not_allowed');
  });

  test('a request that bypasses the edge breaks nothing, whatever its headers say', async () => {
    const before = await traces(cluster);
    const { port } = new URL(cluster.url);
    const headers = { host: `localhost:${port}`, origin: `https://localhost:${port}`, 'gridlock-break': 'page' };
    for (const part of BREAK_PARTS) {
      const call = httpRequest({
        socketPath: statePaths(cluster.stateDir).breakSocket,
        path: `/break/${part}`,
        method: 'POST',
        headers,
      });
      const status = await new Promise((resolve, reject) => {
        call.on('response', (response) => resolve(response.resume().statusCode));
        call.on('error', reject);
        call.end('{}');
      });
      assert.equal(status, 403);
    }
    assert.deepEqual(await traces(cluster), before);
  });

  test('an unknown part, an unknown replica and invalid JSON are refused with a reason', async () => {
    const way = { host: 'localhost' };
    assert.equal((await ask(cluster, 'everything', way)).told.code, 'not_found');
    assert.equal((await ask(cluster, 'redis', { ...way, method: 'GET' })).told.code, 'method_not_allowed');
    assert.equal((await ask(cluster, 'replica', { ...way, method: 'PUT' })).told.code, 'method_not_allowed');
  });

  test('its own page breaks each part, which is back soon after', async () => {
    await assertBreaks(cluster, { host: 'localhost' });
    await assertBreaks(cluster, { host: '127.0.0.1' });
  });
});

describe('a cluster that others reach', { skip: elsewhere === undefined && 'no address but loopback' }, () => {
  const [operator, shop] = [newKey(), newKey()];
  const bearer = (key: string) => ({ host: elsewhere!, headers: { authorization: `Bearer ${key}` } });
  let keysFile: KeysFile;
  let shopFile: KeysFile;
  let cluster: Cluster;
  before(async () => {
    keysFile = new KeysFile(`olga:${operator}`);
    shopFile = new KeysFile(`shop:${shop}`);
    const files = { operatorKeysFile: keysFile.path, apiKeysFile: shopFile.path };
    cluster = await startCluster({ replicas: 1, host: elsewhere!, breakIt: 'on', ...files });
  });
  after(async () => {
    await cluster?.stop();
    keysFile?.remove();
    shopFile?.remove();
  });

  test('a request from elsewhere breaks nothing without the key, whatever it says about itself', async () => {
    await assertRefused(cluster, { host: elsewhere! }, '403 not_allowed');
    const forged = { 'x-forwarded-for': '127.0.0.1', 'gridlock-break-from': 'loopback', 'x-real-ip': '127.0.0.1' };
    await assertRefused(cluster, { host: elsewhere!, headers: forged }, '403 not_allowed');
    await assertRefused(cluster, bearer('x'.repeat(40)), '401 unauthorized');
    const { told } = await ask(cluster, 'status.json', { host: elsewhere!, method: 'GET' });
    assert.deepEqual(told, { available: false, needsKey: true });
  });

  test('the key of a backend is not one of an operator, and no key lets another origin in', async () => {
    await assertRefused(cluster, bearer(shop), '401 unauthorized');
    const { host, headers } = bearer(operator);
    const way = { host, headers: { ...headers, origin: 'https://evil.example' } };
    await assertRefused(cluster, way, '403 origin_not_allowed');
  });

  test('with the key of the operator, and from this machine, each part is broken', async () => {
    await assertBreaks(cluster, bearer(operator));
    await assertBreaks(cluster, { host: 'localhost' });
  });
});

describe('a cluster that others reach, without the flag', { skip: elsewhere === undefined && 'only loopback' }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({ replicas: 1, host: elsewhere! });
  });
  after(() => cluster?.stop());

  test('says that nothing can be broken, and breaks nothing even for this machine', async () => {
    for (const host of [elsewhere!, 'localhost']) {
      const { status, told } = await ask(cluster, 'status.json', { host, method: 'GET' });
      assert.deepEqual([status, told], [200, { available: false }]);
      await assertRefused(cluster, { host }, '404 not_found');
    }
  });
});
