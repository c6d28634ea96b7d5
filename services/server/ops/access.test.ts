import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { accessProblem, hostProblem, isLoopback } from './access.ts';
import { createInternal } from './internal-server.ts';

test('the page is answered to addresses and localhost, and to no other name', () => {
  const problems = [
    'localhost:9090',
    'ops.localhost',
    '127.0.0.1:9090',
    '[::1]:9090',
    '172.18.0.4:9090',
    'evil.example',
    '',
  ].map((host) => accessProblem({ headers: { host } }) === undefined);
  assert.deepEqual(problems, [true, true, true, true, true, false, false]);
});

test('a page of another origin may not ask', () => {
  const headers = { host: 'localhost:9090' };
  assert.equal(accessProblem({ headers: { ...headers, origin: 'http://localhost:9090' } }), undefined);
  assert.match(
    accessProblem({ headers: { ...headers, origin: 'http://evil.example' } }) ?? '',
    /other pages are refused/,
  );
});

test('the machine itself is distinguished from an address of a network', () => {
  const loopback = [
    'localhost:9090',
    '127.0.0.2:1',
    '[::1]',
    '172.18.0.4:9090',
    'evil.example',
    '127.evil.example',
  ].map((host) => isLoopback({ headers: { host } }));
  assert.deepEqual(loopback, [true, true, true, false, false, false]);
});

test('health and metrics are answered to addresses and inner names, and to no public name', () => {
  const served = [
    undefined,
    'localhost:9090',
    '10.244.1.7:9090',
    '[fd00::1]:9090',
    'edge',
    'ws1:9090',
    'game.gridlock.svc:9090',
    'game.gridlock.svc.cluster.local',
    'host.docker.internal:9090',
  ];
  const refused = ['evil.example:9090', 'localhost.evil.example', 'svc.evil.example', '127.0.0.1.evil.example', ''];
  const isServed = (host: string | undefined) =>
    hostProblem({ headers: host === undefined ? {} : { host } }) === undefined;
  assert.deepEqual(
    served.filter((host) => !isServed(host)),
    [],
  );
  assert.deepEqual(refused.filter(isServed), []);
});

test('the internal port tells a page with a public name neither health nor metrics', async () => {
  const parts = [
    { reason: undefined },
    { registry: { metrics: async () => 'gridlock_sockets 1\n', contentType: 'text/plain' } },
    { attach: () => undefined },
  ];
  const server = createInternal(...(parts as unknown as Parameters<typeof createInternal>)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const statusOf = async (path: string, host: string) => {
    const [response] = (await once(get({ port, path, headers: { host }, agent: false }), 'response')) as [
      IncomingMessage,
    ];
    response.resume();
    return response.statusCode;
  };
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    assert.equal(await statusOf(path, `127.0.0.1:${port}`), 200, path);
    assert.equal(await statusOf(path, `evil.example:${port}`), 403, path);
  }
  server.close();
});
