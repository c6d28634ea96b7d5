import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import type { WebSocket } from 'ws';
import { openSocket } from '../../edge/edge-testing.ts';
import { type Edge, startEdge } from '../../edge/testing.ts';
import { waitFor } from '../../local/wait.ts';
import { drainScript } from './controller-drain.ts';
import { pathWithSocat } from './testing/socat.ts';

const SPREAD_SECONDS = 12;

async function open(edge: Edge, count: number): Promise<WebSocket[]> {
  const opened = await Promise.all(Array.from({ length: count }, () => openSocket(edge)));
  return opened.map(({ socket }) => socket);
}

/** Runs the script as the kubelet does; resolves with its exit code. */
function runDrain(t: TestContext, edge: Edge, acceptSeconds: number): Promise<unknown[]> {
  const script = drainScript({ masterSocket: edge.masterSocket, acceptSeconds, spreadSeconds: SPREAD_SECONDS });
  const child = spawn('/bin/sh', ['-c', script], {
    env: { ...process.env, PATH: pathWithSocat(edge.directory) },
    stdio: 'inherit',
  });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return ended;
}

/** Asks the master process, which answers until the request ends. */
const askMaster = ({ masterSocket }: Edge, command: string): Promise<string> =>
  text(connect(masterSocket).end(`${command}\n`));

const workers = async (edge: Edge): Promise<number> =>
  (await askMaster(edge, 'show proc')).split('\n').filter((line) => /^\d+\s+worker/.test(line)).length;

test('a pod of the controller closes the sockets of all its workers one after the other', async (t) => {
  const edge = await startEdge();
  t.after(() => edge.close());
  const before = await open(edge, 10);
  // Like a reload after a change: the old worker keeps its sockets.
  await askMaster(edge, 'reload').catch(() => undefined);
  await waitFor(async () => (await workers(edge).catch(() => 0)) === 2 || undefined, {
    what: 'a second worker',
    timeoutMs: 30_000,
  });
  await edge.inRotation('ws1', 'ws2');
  const sockets = [...before, ...(await open(edge, 10))];
  const closings: number[] = [];
  const closed = Promise.all(
    sockets.map(async (socket) => {
      socket.on('error', () => undefined);
      await once(socket, 'close');
      closings.push(performance.now());
    }),
  );
  const drained = runDrain(t, edge, 3);
  // While balancers may not know yet, new clients are served.
  const [late] = await open(edge, 1);
  late?.on('error', () => undefined);
  const refused = () =>
    edge.https().then(
      () => undefined,
      () => true,
    );
  await waitFor(refused, { what: 'refused connections', timeoutMs: 30_000 });
  assert.ok(closings.length < 10, `${closings.length} sockets were closed at once`);
  await closed;
  const spread = Math.max(...closings) - Math.min(...closings);
  assert.ok(spread > 600 * SPREAD_SECONDS, `the sockets were closed within ${spread} ms`);
  assert.deepEqual(await drained, [0, null]);
});

test('a pod without sockets ends at once', async (t) => {
  const edge = await startEdge();
  t.after(() => edge.close());
  const began = performance.now();
  assert.deepEqual(await runDrain(t, edge, 0), [0, null]);
  assert.ok(performance.now() - began < 1000 * SPREAD_SECONDS);
});
