import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { startCluster, temporaryStateDir } from '../loadtest/kit/cluster.ts';

test('a cluster whose ACME authority accepts requests but never answers drains and ends when asked to', async (t) => {
  const stateDir = temporaryStateDir();
  t.after(() => rmSync(stateDir, { recursive: true, force: true }));
  const silent = createServer(() => undefined);
  silent.listen(0, '127.0.0.1');
  t.after(() => {
    silent.closeAllConnections();
    silent.close();
  });
  await once(silent, 'listening');
  const server = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/directory`;
  const order = { server, dnsNames: ['a.example'], challenge: { type: 'http-01' }, out: path.join(stateDir, 'a.pem') };
  mkdirSync(path.join(stateDir, 'pki/acme'), { recursive: true, mode: 0o700 });
  writeFileSync(path.join(stateDir, 'pki/acme/order-0123456789abcdef.json'), JSON.stringify({ order, failures: 0 }));
  const asked = once(silent, 'request');
  const cluster = await startCluster({ replicas: 1, stateDir });
  await asked;
  cluster.run.process.kill('SIGTERM');
  // While its request is still under way: that one is given up only after half a minute.
  assert.equal((await cluster.run.ended).code, 0);
  assert.match(cluster.run.stdout, /draining 1 replicas\nstopped\n$/);
});
