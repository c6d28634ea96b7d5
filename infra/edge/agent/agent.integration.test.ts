import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import { freePorts } from '../../../tests/kit/ports.ts';
import { waitFor } from '../../local/wait.ts';
import { runtimeCommand } from '../haproxy.ts';
import { type Edge, startEdge } from '../testing.ts';
import { shownFingerprint } from './certificate-agent.ts';
import { type Mount, makePair, mountSecret } from './testing.ts';

interface Fixture {
  edge: Edge;
  mount: Mount;
  agent: string;
  drain: string;
  child: ChildProcess;
  shown(): Promise<string>;
}

/** A HAProxy that serves from a mounted Secret, and the agent as a separate process next to it. */
async function start(t: TestContext, environment: Record<string, string> = {}, acceptProxy = false): Promise<Fixture> {
  let mount: Mount | undefined;
  const edge = await startEdge({}, (directory) => {
    mount = mountSecret(directory);
    return { certificate: mount.certificate, separateKey: true, acceptProxy };
  });
  t.after(() => edge.close());
  assert.ok(mount);
  const [port, drainPort] = (await freePorts(2)) as [number, number];
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'main.ts')], {
    env: {
      ...process.env,
      EDGE_CERTIFICATE: mount.certificate,
      EDGE_RUNTIME_SOCKET: edge.runtimeSocket,
      EDGE_PORT: String(edge.config.port),
      EDGE_PROXY_PROTOCOL: String(acceptProxy),
      AGENT_PORT: String(port),
      AGENT_DRAIN_PORT: String(drainPort),
      AGENT_INTERVAL_MS: '50',
      ...environment,
    },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const agent = `http://127.0.0.1:${port}`;
  await waitFor(async () => (await fetch(`${agent}/readyz`)).ok || undefined, {
    what: 'the agent',
    timeoutMs: 30_000,
  });
  const target = { socket: edge.runtimeSocket, certificate: mount.certificate, host: '127.0.0.1' };
  return {
    edge,
    mount,
    agent,
    drain: `http://127.0.0.1:${drainPort}/drain`,
    child,
    shown: () => shownFingerprint({ ...target, port: edge.config.port, acceptProxy }),
  };
}

const fingerprint = (pem: string): string => new X509Certificate(pem).fingerprint256;

async function metric(agent: string, name: string): Promise<number> {
  const text = await (await fetch(`${agent}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

async function openSocket(edge: Edge): Promise<WebSocket> {
  const socket = new WebSocket(`wss://127.0.0.1:${edge.config.port}/ws`, { rejectUnauthorized: false });
  await once(socket, 'message');
  return socket;
}

const served = ({ shown }: Fixture, pem: string) =>
  waitFor(async () => (await shown()) === fingerprint(pem) || undefined, {
    what: 'the new certificate',
    timeoutMs: 30_000,
  });

test('a changed Secret is served to new handshakes, by the same process, under open sockets', async (t) => {
  const fixture = await start(t);
  const { edge, mount, agent } = fixture;
  const socket = await openSocket(edge);
  const before = /^Pid: (\d+)/m.exec(await runtimeCommand(edge.runtimeSocket, 'show info'))?.[1];
  const pem = mount.update();
  await served(fixture, pem);
  const echoed = once(socket, 'message');
  socket.send('still here');
  assert.equal(String((await echoed)[0]), 'still here');
  socket.terminate();
  assert.equal(/^Pid: (\d+)/m.exec(await runtimeCommand(edge.runtimeSocket, 'show info'))?.[1], before);
  await waitFor(async () => (await metric(agent, 'gridlock_edge_certificate_changes_total')) === 1 || undefined, {
    what: 'the count',
    timeoutMs: 30_000,
  });
  assert.equal(
    await metric(agent, 'gridlock_edge_certificate_not_after_seconds'),
    Date.parse(new X509Certificate(pem).validTo) / 1000,
  );
});

test('a key that does not belong to its certificate is not served, and the next good pair is', async (t) => {
  const fixture = await start(t);
  const { edge, mount, agent } = fixture;
  const before = await fixture.shown();
  const [one, other] = [makePair(edge.directory), makePair(edge.directory)];
  mount.update({ chain: one.chain, key: other.key });
  await waitFor(async () => (await metric(agent, 'gridlock_edge_certificate_failures_total')) > 1 || undefined, {
    what: 'the failure',
    timeoutMs: 30_000,
  });
  assert.equal(await fixture.shown(), before);
  await served(fixture, mount.update(other));
});

test('behind a balancer with the PROXY protocol the new certificate is served and verified too', async (t) => {
  const fixture = await start(t, {}, true);
  await served(fixture, fixture.mount.update());
  assert.equal(await metric(fixture.agent, 'gridlock_edge_certificate_failures_total'), 0);
});

test('a drain refuses new connections, closes the open ones over its window, and then answers', async (t) => {
  // This is much longer than a busy machine delays a process.
  const { edge, agent, drain } = await start(t, { DRAIN_ACCEPT_MS: '6000', DRAIN_SPREAD_MS: '12000' });
  const sockets = await Promise.all(Array.from({ length: 20 }, () => openSocket(edge)));
  const closings: number[] = [];
  const closed = Promise.all(
    sockets.map(async (socket) => {
      socket.on('error', () => undefined);
      await once(socket, 'close');
      closings.push(performance.now());
    }),
  );
  assert.equal((await fetch(`${agent}/drain`)).status, 404, 'not where metrics are read');
  const drained = fetch(drain);
  // New clients are served while a balancer may not know of the drain yet.
  const late = await openSocket(edge);
  late.on('error', () => undefined);
  await waitFor(
    async () =>
      (await edge.https().then(
        () => undefined,
        () => true,
      )) as true | undefined,
    {
      what: 'refused connections',
      timeoutMs: 30_000,
    },
  );
  assert.ok(closings.length < 10, `${closings.length} sockets were closed at once`);
  await closed;
  const spread = Math.max(...closings) - Math.min(...closings);
  assert.ok(spread > 7200, `the sockets were closed within ${spread} ms`);
  assert.equal((await drained).status, 200);
});

test('an agent without its settings says which one is missing', async () => {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'main.ts')], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let problem = '';
  child.stderr.on('data', (chunk) => (problem += String(chunk)));
  const [code] = (await once(child, 'close')) as [number];
  assert.deepEqual([code, problem], [2, 'EDGE_CERTIFICATE is not set.\n']);
});
