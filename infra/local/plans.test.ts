import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { affordableConnections, requireOpenFiles } from './edge-process.ts';
import { PreflightError } from './errors.ts';
import { freePorts, portProblem, portRange } from './ports.ts';
import { planReplicas } from './replica-process.ts';

test('free ports are free, distinct, and below the range of outgoing connections', async () => {
  const ports = await freePorts(20);
  assert.equal(new Set(ports).size, 20);
  const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0]);
  for (const port of ports) {
    assert.ok(port < first);
    assert.equal(await portProblem(port, '127.0.0.1'), undefined);
  }
});

test('free ports come from below the ephemeral range where there is room', () => {
  assert.deepEqual(portRange(32_768), { from: 20_000, to: 32_000 });
  assert.deepEqual(portRange(25_000), { from: 20_000, to: 25_000 });
  assert.deepEqual(portRange(10_000), { from: 2000, to: 10_000 });
  assert.deepEqual(portRange(1024), { from: 20_000, to: 32_000 });
});

test('a limit of open files that is too low for HAProxy to start is refused', () => {
  assert.throws(() => requireOpenFiles(1024), PreflightError);
  requireOpenFiles(4096);
});

test('a port that a process listens on is not free', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  assert.equal(await portProblem((server.address() as { port: number }).port, '127.0.0.1'), 'EADDRINUSE');
  server.close();
});

test('sixteen replicas have sixteen names and APPIDs, the first four those of the tutorial', () => {
  const replicas = planReplicas(
    16,
    Array.from({ length: 32 }, (_, index) => index),
  );
  assert.deepEqual(
    replicas.slice(0, 4).map(({ appId }) => appId),
    ['1111', '2222', '3333', '4444'],
  );
  assert.equal(new Set(replicas.map(({ appId }) => appId)).size, 16);
  assert.equal(new Set(replicas.flatMap(({ port, internalPort }) => [port, internalPort])).size, 32);
});

test('the edge takes no more connections than open files allow', () => {
  assert.equal(affordableConnections(8000, Infinity), 8000);
  assert.equal(affordableConnections(8000, 20_000), 8000);
  assert.equal(affordableConnections(8000, 4096), 1248);
  assert.equal(affordableConnections(8000, 256), 10);
});
