import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Config } from '../config/config.ts';
import { edgeSettings } from '../config/edge-settings.ts';
import { findBinary } from '../setup/binaries.mjs';
import { mountSecret } from './agent/testing.ts';
import { inspectHaproxy } from './haproxy.ts';
import type { EdgeDiscovery, EdgeOptions } from './options.ts';
import { renderEdge } from './render.ts';
import { defaults } from './testing.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-edge-'));
const haproxy = findBinary('haproxy') ?? 'haproxy';
after(() => rmSync(directory, { recursive: true, force: true }));
before(() => mountSecret(directory));

const discovery: EdgeDiscovery = {
  name: 'game-headless.gridlock.svc.cluster.local',
  port: 8080,
  checkPort: 9090,
  slots: 24,
};

const render = (options: Partial<EdgeOptions> = {}, config: Partial<Config> = {}): string =>
  renderEdge({
    settings: edgeSettings({ ...defaults, port: 443, host: 'game.example', ...config }),
    servers: discovery,
    certificate: 'tls/tls.crt',
    separateKey: true,
    cookieKey: 'not a secret',
    runtimeSocket: 'haproxy.sock',
    metrics: '127.0.0.1:8404',
    health: true,
    addresses: ['*'],
    listenPorts: { https: 8443, http: 8080 },
    ...options,
  });

function check(text: string): { status: number | null; output: string } {
  const file = path.join(directory, 'haproxy.cfg');
  writeFileSync(file, text);
  const result = spawnSync(haproxy, ['-c', '-f', file], { cwd: directory, encoding: 'utf8' });
  return { status: result.status, output: result.stdout + result.stderr };
}

test('HAProxy accepts, without a warning, replicas found by name in every variant', async () => {
  const { version } = await inspectHaproxy(haproxy);
  // Older versions do not support hash-key.
  const keys = Number(version.split('.')[0]) >= 3 ? [undefined, 'addr-port' as const] : [undefined];
  for (const hashKey of keys) {
    for (const design of ['stateless', 'stateful'] as const) {
      for (const acceptProxy of [false, true]) {
        const servers = { ...discovery, ...(hashKey === undefined ? {} : { hashKey }) };
        const { status, output } = check(render({ servers, acceptProxy }, { design }));
        assert.equal(status, 0, output);
        assert.doesNotMatch(output, /WARNING|ALERT/);
      }
    }
  }
});

test('HAProxy accepts servers whose names cannot be resolved yet', () => {
  const servers = ['ws1', 'ws2'].map((name) => ({
    name,
    address: `${name}.invalid`,
    port: 8080,
    checkPort: 9090,
  }));
  const { status, output } = check(render({ servers, resolveNames: true }));
  assert.equal(status, 0, output);
  assert.match(output, /disabling server/);
});

test('there is a slot for every possible replica, and each is found by the name', () => {
  assert.match(
    render(),
    /^ {2}server-template ws 1-24 game-headless\.gridlock\.svc\.cluster\.local:8080 port 9090 resolvers cluster resolve-prefer ipv4 init-addr none$/m,
  );
});

test('several edges agree on the replica of a game by its address', () => {
  const text = render({ servers: { ...discovery, hashKey: 'addr-port' } }, { design: 'stateful' });
  assert.match(text, /balance url_param game\n +hash-type consistent sdbm avalanche/);
  assert.match(text, /server-template .* hash-key addr-port$/m);
});

test('it listens on the ports of the container and redirects to the port that clients connect to', () => {
  const text = render();
  assert.match(text, /bind \*:8443 tcp-ut 30000ms ssl/);
  assert.match(text, /bind \*:8080 tcp-ut 30000ms\n/);
  assert.match(text, /Location "https:\/\/game\.example%\[pathq\]"/);
  assert.doesNotMatch(text, /Location "[^"]*:443/);
});

test('behind the PROXY protocol clients are counted by their own address, after its header was read', () => {
  const text = render({ acceptProxy: true });
  assert.match(text, /bind \*:8443 accept-proxy tcp-ut 30000ms ssl/);
  assert.doesNotMatch(text, /tcp-request connection/);
  assert.equal(text.match(/tcp-request session track-sc0 src,ipmask\(32,64\) table sources/g)?.length, 2);
  assert.doesNotMatch(render(), /tcp-request session|accept-proxy/);
});
