import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Config } from '../config/config.ts';
import { edgeSettings } from '../config/edge-settings.ts';
import { findBinary } from '../setup/binaries.mjs';
import type { EdgeOptions } from './options.ts';
import { renderEdge } from './render.ts';
import { defaults, selfSigned } from './testing.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-edge-'));
const haproxy = findBinary('haproxy') ?? 'haproxy';
after(() => rmSync(directory, { recursive: true, force: true }));
before(() => selfSigned(directory));

const render = (config: Partial<Config>, addresses = ['127.0.0.1', '::1'], options: Partial<EdgeOptions> = {}) =>
  renderEdge({
    settings: edgeSettings({ ...defaults, command: 'node server.js', ...config }),
    servers: addresses.map((address, index) => ({ name: `ws${index + 1}`, address, port: 21_000 + index })),
    certificate: 'leaf.pem',
    cookieKey: 'not a secret',
    runtimeSocket: 'haproxy.sock',
    metrics: '127.0.0.1:23000',
    addresses: ['127.0.0.1'],
    ...options,
  });

function check(text: string): { status: number | null; output: string } {
  const file = path.join(directory, 'haproxy.cfg');
  writeFileSync(file, text);
  const result = spawnSync(haproxy, ['-c', '-f', file], { cwd: directory, encoding: 'utf8' });
  return { status: result.status, output: result.stdout + result.stderr };
}

const backendOf = (text: string): string => /^backend replicas\n(?: {2}.*\n)+/m.exec(text)![0];

for (const sticky of ['cookie', 'source', 'none', 'header:X-User', 'query:room']) {
  test(`HAProxy accepts, without a warning, sticky ${sticky} with every kind of path, check and front`, () => {
    for (const socketPaths of [[], ['/'], ['/ws'], ['/ws', '/chat/', '/a.b/c_d~e']]) {
      for (const healthPath of ['', '/healthz']) {
        for (const tlsAlpnFront of [undefined, { challenges: 'acme-tls.sock', https: 'https.sock' }]) {
          const front = { authoritySocket: 'certs.sock', ...(tlsAlpnFront ? { tlsAlpnFront } : {}) };
          const { status, output } = check(render({ sticky, socketPaths, healthPath }, undefined, front));
          assert.equal(status, 0, output);
          // HAProxy warns that the TCP frontend ignores an option of HTTP.
          assert.doesNotMatch(output.replace(/^.*as it requires HTTP mode\.$/gm, ''), /WARNING|ALERT/);
        }
      }
    }
  });
}

test('servers that already run get the same edge as servers that are started', () => {
  const upstreams = ['127.0.0.1:3000', '[::1]:3001'];
  assert.equal(render({ command: '', upstreams }), render({}));
});

test('the design of games, which a stack may set, does not concern a server of your own', () => {
  assert.equal(render({ design: 'stateful' }), render({ design: 'stateless' }));
});

test('each way to keep a client at a server has its own balancing', () => {
  const balancing = (sticky: string) => backendOf(render({ sticky })).match(/^ {2}(balance|cookie|hash-type).*/gm);
  assert.deepEqual(balancing('source'), ['  balance source', '  hash-type consistent sdbm avalanche']);
  assert.deepEqual(balancing('header:X-User'), ['  balance hdr(X-User)', '  hash-type consistent sdbm avalanche']);
  assert.deepEqual(balancing('query:room'), ['  balance url_param room', '  hash-type consistent sdbm avalanche']);
  assert.deepEqual(balancing('none'), ['  balance leastconn']);
  assert.match(String(balancing('cookie')), /balance leastconn, {2}cookie __Host-gridlock_edge insert indirect/);
});

test('a server is checked by its port, or by the path that it names, and its answers are not touched', () => {
  const byPort = backendOf(render({}));
  assert.doesNotMatch(byPort, /httpchk|http-check|compression/);
  assert.match(byPort, /^ {2}server ws2 \[::1\]:21001 port 21001$/m);
  assert.match(
    backendOf(render({ healthPath: '/up' })),
    /http-check send meth GET uri \/up [\s\S]*expect status 200-399/,
  );
});

test("every path is the server's, unless some are named: then they and what is below them", () => {
  assert.doesNotMatch(render({}), /is_socket|is_upgrade|readyz/);
  const text = render({ socketPaths: ['/ws', '/chat/'] });
  assert.match(text, /^ {2}acl is_socket path \/ws \/chat$/m);
  assert.match(text, /^ {2}acl is_socket path_beg \/ws\/ \/chat\/$/m);
  assert.match(text, /return status 404 .*The server is at \/ws, \/chat\/.* if !is_socket$/m);
});

test('a socket without heartbeats is not cut off for an hour', () => {
  assert.match(backendOf(render({ heartbeatMs: 1000 })), /^ {2}timeout tunnel 3600s$/m);
});
