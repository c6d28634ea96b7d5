// The configuration of the ingress controller in a real HAProxy. `npm run e2e` tests the controller itself and its
// version of HAProxy.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import type { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import { stackConfig } from '../../config/config.ts';
import { edgeSettings } from '../../config/edge-settings.ts';
import { runtimeCommand } from '../../edge/haproxy.ts';
import { ALPN, LOGGING, REDIRECT, SOCKET_BUFFER_BYTES, tunnelTimeoutMs } from '../../edge/limits.ts';
import { REFUSALS_PATH } from '../../edge/metrics.ts';
import type { EdgeOptions } from '../../edge/options.ts';
import { replicasBackend } from '../../edge/replicas-backend.ts';
import { type Edge, FLOOD, refusalsOf, selfSigned, startEdge, waitingBytes } from '../../edge/testing.ts';
import { waitFor } from '../../local/wait.ts';
import { findBinary } from '../../setup/binaries.mjs';
import { defaultsSpec, globalSpec, httpSpec, httpsSpec, statsSpec } from './ingress-resources.ts';
import { defaultsText, frontendText, globalText } from './testing/haproxy-text.ts';

/** The configuration that the controller makes from our resources, with those of its own lines that matter here. */
function controllerText(options: EdgeOptions): string {
  const { settings, acceptProxy = false } = options;
  const accept = acceptProxy ? ' accept-proxy' : '';
  const base = 'http-request set-var(txn.base) base';
  const own = [base, 'default_backend replicas'];
  const https = `bind 127.0.0.1:${settings.port}${accept} ssl crt leaf.pem alpn ${ALPN}`;
  const exporter = 'http-request use-service prometheus-exporter if { path /metrics }';
  return `${[
    globalText(globalSpec(settings), ['stats socket unix@haproxy.sock mode 600 level admin']),
    defaultsText(defaultsSpec(settings), ['mode http', 'log global']),
    frontendText(httpsSpec(settings, acceptProxy), [https], own),
    frontendText(httpSpec(settings, acceptProxy), [`bind 127.0.0.1:${settings.httpPort}${accept}`], own),
    frontendText(statsSpec(), [`bind ${options.metrics}`, 'no log'], [base, exporter]),
    replicasBackend(options).replace('backend replicas', 'backend replicas from haproxytech'),
  ].join('\n\n')}\n`;
}

async function start(t: TestContext, changed = (text: string) => text): Promise<Edge> {
  const edge = await startEdge({}, {}, (options) => changed(controllerText(options)));
  t.after(() => edge.close());
  return edge;
}

test("HAProxy accepts the controller's configuration without a warning", (t) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-ingress-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  selfSigned(directory);
  const own = { stickiness: { by: 'source' }, socketPaths: ['/chat'], healthPath: '/up' } as const;
  const edges = [
    {},
    { host: 'chat.example' },
    { host: 'chat.example', acceptProxy: true },
    { tlsMinVersion: '1.2' },
    { server: own },
    { traces: { sampleRatio: 0.01 } },
  ] as const;
  for (const { acceptProxy, ...changes } of edges.map((each) => ({ acceptProxy: false, ...each }))) {
    const settings = { ...edgeSettings(stackConfig('dev', {})), ...changes };
    const servers = [{ name: 'ws1', address: '127.0.0.1', port: 21_000, checkPort: 22_000 }];
    const common = { cookieKey: 'x', certificate: 'leaf.pem', addresses: [], metrics: '127.0.0.1:23000' };
    const text = controllerText({ settings, acceptProxy, servers, ...common });
    writeFileSync(path.join(directory, 'haproxy.cfg'), text);
    const { status, stdout, stderr } = spawnSync(findBinary('haproxy')!, ['-c', '-f', 'haproxy.cfg'], {
      cwd: directory,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout + stderr);
    // The controller gives every frontend a log format, and this one no log.
    const warnings = stderr.split('\n').filter((line) => !line.includes("log format ignored for frontend 'stats'"));
    assert.doesNotMatch(warnings.join('\n'), /WARNING|ALERT/);
  }
});

test('refused requests are all counted by reason, and of a flood few are logged, in short lines', async (t) => {
  const edge = await start(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const ask = (where: string) => edge.https({ path: where, agent }).then(({ status }) => status);
  const many = 3 * LOGGING.requestsPerAddress;
  const statuses = await Promise.all(Array.from({ length: many }, () => ask(`/metrics/${'a'.repeat(4000)}`)));
  statuses.push(await ask('/ws'));
  agent.destroy();
  assert.deepEqual([...new Set(statuses)], [404, 426]);
  const counted = refusalsOf(await edge.metrics({ path: REFUSALS_PATH }));
  assert.deepEqual([counted['internal_path'], counted['socket_upgrade'], counted['too_large']], [many, 1, 0]);
  const lines = edge.log().split('\n');
  const refused = lines.filter((line) => line.includes('/metrics/'));
  assert.ok(refused.length > 0 && refused.length <= LOGGING.requestsPerAddress, `${refused.length} of ${many}`);
  for (const line of lines) assert.ok(line.length <= LOGGING.lineBytes, `${line.length} characters`);
});

test('neither a token nor the code of a game in an address is logged', async (t) => {
  const edge = await start(t);
  for (const ask of [edge.https, edge.plain]) await ask({ path: '/seen?game=SECRET&token=eyJhbGciOi' });
  const logged = async () => (edge.log().match(/ GET HTTP\/1\.1 \/seen$/gm) ?? []).length === 2 || undefined;
  await waitFor(logged, { what: 'two lines of the log', timeoutMs: 30_000 });
  assert.doesNotMatch(edge.log(), /SECRET|eyJ/);
});

test('plain http takes one request per connection, with its own limit for each address', async (t) => {
  const edge = await start(t);
  const { status, headers } = await edge.plain({ headers: { Connection: 'keep-alive' } });
  assert.deepEqual([status, headers.connection], [308, 'close']);
  const spec = httpSpec(edgeSettings(stackConfig('dev', {})), false);
  assert.deepEqual([spec.maxconn, spec.http_request_timeout], [REDIRECT.connections, REDIRECT.requestMs]);
});

test('only requests by address get the metrics and the counters of refusals', async (t) => {
  const edge = await start(t);
  for (const where of ['/metrics', REFUSALS_PATH]) {
    assert.equal((await edge.metrics({ path: where })).status, 200);
    assert.equal((await edge.metrics({ path: where, headers: { Host: 'rebound.example' } })).status, 421);
  }
});

test('peers that never read take little memory, and end when nothing gets through their tunnel', async (t) => {
  const TUNNEL_MS = 2000;
  const real = `timeout tunnel ${tunnelTimeoutMs(edgeSettings(stackConfig('dev', {})).server)}`;
  const edge = await start(t, (text) => {
    assert.ok(text.includes(real));
    return text.replaceAll(real, `timeout tunnel ${TUNNEL_MS}`);
  });
  const count = 8;
  const sockets = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = new WebSocket(`wss://localhost:${edge.config.port}/ws`, { ca: edge.ca });
      t.after(() => socket.terminate());
      await once(socket, 'message');
      socket.on('error', () => undefined);
      return socket;
    }),
  );
  for (const socket of sockets) {
    socket.send(FLOOD);
    // From here on it reads nothing, and its kernel tells the edge so.
    (socket as unknown as { _socket: Socket })._socket.pause();
  }
  const waiting = () => waitingBytes(edge.config.port);
  await waitFor(async () => waiting() > 0 || undefined, { what: 'a flood', timeoutMs: 30_000 });
  let most = 0;
  const gone = async () => {
    most = Math.max(most, waiting());
    const sessions = (await runtimeCommand(edge.runtimeSocket, 'show sess')).split('fe=https').length - 1;
    return sessions === 0 || undefined;
  };
  await waitFor(gone, { what: 'the sessions to end', timeoutMs: 30_000 });
  // Bytes that were sent already wait in the kernel until that gives up too, because the controller has no
  // TCP_USER_TIMEOUT. The kernel counts up to twice the buffer, and the bytes in flight.
  assert.ok(most <= 3 * SOCKET_BUFFER_BYTES * count, `${most} bytes waited for ${count} peers`);
});
