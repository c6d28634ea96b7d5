import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { QUIET_MS } from '../../services/server/transport/http-transports.ts';
import { repetitions } from '../../tests/kit/repetitions.ts';
import type { Config } from '../config/config.ts';
import { edgeSettings } from '../config/edge-settings.ts';
import { findBinary } from '../setup/binaries.mjs';
import { TIMEOUTS, tunnelTimeoutMs } from './limits.ts';
import { bindAddresses, type EdgeOptions } from './options.ts';
import { renderEdge } from './render.ts';
import { COMPRESSED_TYPES } from './replicas-backend.ts';
import { defaults, selfSigned } from './testing.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-edge-'));
const haproxy = findBinary('haproxy') ?? 'haproxy';
after(() => rmSync(directory, { recursive: true, force: true }));

before(() => selfSigned(directory));

function render(config: Partial<Config> = {}, options: Partial<EdgeOptions> = {}): string {
  const merged = { ...defaults, ...config };
  return renderEdge({
    settings: edgeSettings(merged),
    servers: Array.from({ length: merged.replicas }, (_, index) => ({
      name: `ws${index + 1}`,
      address: '127.0.0.1',
      port: 21_000 + index,
      checkPort: 22_000 + index,
    })),
    certificate: 'leaf.pem',
    cookieKey: 'not a secret',
    runtimeSocket: 'haproxy.sock',
    metrics: '127.0.0.1:23000',
    addresses: bindAddresses(merged.host, false),
    ...options,
  });
}

function check(text: string): { status: number | null; output: string } {
  const file = path.join(directory, 'haproxy.cfg');
  writeFileSync(file, text);
  const result = spawnSync(haproxy, ['-c', '-f', file], { cwd: directory, encoding: 'utf8' });
  return { status: result.status, output: result.stdout + result.stderr };
}

test('HAProxy accepts, without a warning, every design with every TLS version on every kind of host', () => {
  for (const design of ['stateless', 'stateful'] as const) {
    for (const tlsMinVersion of ['1.3', '1.2'] as const) {
      for (const host of ['localhost', 'game.example', '127.0.0.1', '::1', '203.0.113.7']) {
        for (const ipv6 of [false, true]) {
          const addresses = bindAddresses(host, ipv6);
          const { status, output } = check(render({ design, tlsMinVersion, host }, { addresses }));
          assert.equal(status, 0, output);
          assert.doesNotMatch(output, /WARNING|ALERT/);
        }
      }
    }
  }
});

test('HAProxy accepts the limits wherever they lie in their range', () => {
  fc.assert(
    fc.property(
      fc.record({
        replicas: fc.integer({ min: 1, max: 16 }),
        heartbeatMs: fc.integer({ min: 1000, max: 25_000 }),
        maxConnections: fc.integer({ min: 10, max: 8000 }),
        connectionsPerAddress: fc.integer({ min: 1, max: 1_000_000 }),
        connectionRatePerAddress: fc.integer({ min: 1, max: 1_000_000 }),
        refusedRatePerAddress: fc.integer({ min: 1, max: 1_000_000 }),
        requestRatePerAddress: fc.integer({ min: 1, max: 1_000_000 }),
        connectionRate: fc.integer({ min: 1, max: 1_000_000 }),
        handshakeRate: fc.integer({ min: 1, max: 1_000_000 }),
        headerTimeoutMs: fc.integer({ min: 100, max: 600_000 }),
        maxBodyBytes: fc.integer({ min: 1024, max: 1_048_576 }),
      }),
      (config) => {
        const { status, output } = check(render(config));
        assert.equal(status, 0, output);
        assert.ok(tunnelTimeoutMs({ design: 'stateless', ...config }) > 2 * config.heartbeatMs);
      },
    ),
    { numRuns: repetitions(8, 100) },
  );
});

test('paths and secrets with quotes, dollars and backslashes are passed on as they are', () => {
  const certificate = 'a "b" $HOME \\c.pem';
  const text = render({}, { certificate, cookieKey: 'k"$\\' });
  const { output } = check(text);
  assert.ok(output.includes(certificate), output);
});

test('a configuration that HAProxy refuses is detected', () => {
  assert.notEqual(check(render().replace('timeout connect', 'timeout conect')).status, 0);
});

test('the stateless design sticks by a cookie, the stateful one by the game', () => {
  const [stateless, stateful] = [render({ design: 'stateless' }), render({ design: 'stateful' })];
  assert.match(stateless, /cookie \S+ insert indirect nocache httponly secure attr SameSite=Strict dynamic/);
  assert.doesNotMatch(stateless, /balance url_param/);
  assert.match(stateful, /balance url_param game\n +hash-type consistent sdbm avalanche/);
  assert.doesNotMatch(stateful, /cookie/);
});

test('loopback hosts are bound to loopback only and get no HSTS; others get both', () => {
  for (const host of ['localhost', '127.0.0.1', '::1']) {
    const text = render({ host });
    assert.doesNotMatch(text, /Strict-Transport-Security/);
    assert.match(text, /bind 127\.0\.0\.1:8443 tcp-ut 30000ms ssl/);
    assert.doesNotMatch(text, /bind \*/);
  }
  const open = render({ host: 'game.example' });
  assert.match(open, /Strict-Transport-Security max-age=63072000/);
  assert.match(open, /bind \*:8443 tcp-ut 30000ms ssl/);
});

test('a loopback address is listened on, and a name that only begins like a loopback address is public', () => {
  assert.deepEqual(bindAddresses('127.0.0.2', true), ['127.0.0.1', '127.0.0.2', '[::1]']);
  assert.deepEqual(bindAddresses('127.0.0.1', false), ['127.0.0.1']);
  assert.deepEqual(bindAddresses('127.example', false), ['*']);
});

test('the rate of all connections leaves room for the refused connections of a flood', () => {
  const { connectionRate, connectionRatePerAddress } = defaults;
  assert.ok(connectionRate >= 40 * (connectionRatePerAddress / 10));
});

test('TLS 1.2 is without tickets', () => {
  assert.match(render({ tlsMinVersion: '1.2' }), /ssl-default-bind-options .* no-tls-tickets$/m);
  assert.doesNotMatch(render(), /no-tls-tickets/);
});

test('sockets survive their replica being marked down', () => {
  assert.doesNotMatch(render(), /on-marked-down/);
});

test('the Runtime API is for the owner alone and never on TCP', () => {
  assert.deepEqual(render().match(/stats socket .*/g), [
    'stats socket "unix@haproxy.sock" mode 600 level admin expose-fd listeners',
  ]);
});

test('the TCP frontend that reads the ALPN exists only when asked for, and HAProxy accepts it', () => {
  assert.ok(!render().includes('acme-tls/1'));
  const text = render({}, { tlsAlpnFront: { challenges: 'acme-tls.sock', https: 'https.sock' } });
  assert.match(text, /use_backend challenges if \{ req\.ssl_alpn acme-tls\/1 \}/);
  // Every connection counts twice: at the TCP frontend, and at https behind it.
  const limit = (rendered: string) => Number(/^ {2}maxconn (\d+)$/m.exec(rendered)?.[1]);
  assert.equal(limit(text) - limit(render()), defaults.maxConnections);
  const { status, output } = check(text);
  assert.equal(status, 0, output);
});

test('revocation lists and challenges are answered by the authority when there is one, and not found otherwise', () => {
  const { status, output } = check(render({}, { authoritySocket: 'certs.sock' }));
  assert.equal(status, 0, output);
  assert.match(render({}, { authoritySocket: 'certs.sock' }), /use_backend authority if is_authority/);
  assert.match(render(), /return status 404 .*path_beg \/\.well-known\/acme-challenge\/ \/crl\//);
});

test("event streams and long polls send something within the edge's time-out, and are not compressed", () => {
  assert.ok(2 * QUIET_MS <= 1000 * Math.min(TIMEOUTS.client, TIMEOUTS.server));
  assert.doesNotMatch(COMPRESSED_TYPES, /event-stream|ndjson/);
});
