import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer as createPlainServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { createServer } from 'node:tls';
import { ensureChain, issueLeaf } from '../../certs/index.ts';
import { waitFor } from '../../infra/local/wait.ts';
import { Handshakes } from './handshakes.ts';

const names = { dnsNames: ['localhost'], ipAddresses: [] };
let root: string;
let dir: string;
let bundle: string;

before(async () => {
  root = mkdtempSync(path.join(os.tmpdir(), 'gridlock-handshakes-'));
  dir = path.join(root, 'pki');
  bundle = readFileSync((await ensureChain({ dir, ...names })).rootPath, 'utf8');
});
after(() => rmSync(root, { recursive: true, force: true }));

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A server that shows a new leaf of an authority, and its serial number. */
async function serveLeaf(t: TestContext, authority = dir) {
  const leaf = await issueLeaf({ dir: authority, ...names, out: path.join(root, 'leaf.pem') });
  const server = createServer({ cert: leaf.certificates, key: leaf.key });
  let count = 0;
  server.on('connection', (socket) => {
    count++;
    socket.on('error', () => undefined);
  });
  const port = await listen(t, server);
  const came = (enough: number) =>
    waitFor(async () => (count >= enough ? true : undefined), { what: 'the clients', timeoutMs: 60_000 });
  return { port, serial: leaf.summary.serialNumber, came };
}

test('clients who trust the root are counted, each with a separate handshake', async (t) => {
  const { port, serial, came } = await serveLeaf(t);
  const handshakes = new Handshakes(port, bundle, 100);
  handshakes.expect(serial);
  handshakes.start();
  await came(5);
  const { completed, ...rest } = await handshakes.stop();
  assert.ok(completed >= 5, String(completed));
  assert.deepEqual(rest, { failures: {}, resumed: 0, stale: 0, leaves: 1 });
});

test("a leaf that does not lead to the clients' roots is a failure with its reason", async (t) => {
  const { port, came } = await serveLeaf(t);
  const stranger = readFileSync((await ensureChain({ dir: path.join(root, 'stranger'), ...names })).rootPath, 'utf8');
  const handshakes = new Handshakes(port, stranger, 100);
  handshakes.start();
  await came(3);
  const { completed, failures } = await handshakes.stop();
  assert.equal(completed, 0);
  const [[reason, count]] = Object.entries(failures) as [[string, number]];
  assert.match(reason, /certificate/);
  assert.ok(count >= 3, String(count));
});

test('a connection that is closed before its handshake is over is a failure', async (t) => {
  let closed = 0;
  const port = await listen(
    t,
    createPlainServer((socket) => (closed++, socket.end())),
  );
  const handshakes = new Handshakes(port, bundle, 100);
  handshakes.start();
  await waitFor(async () => (closed >= 3 ? true : undefined), { what: 'three clients', timeoutMs: 60_000 });
  const { completed, failures } = await handshakes.stop();
  assert.equal(completed, 0);
  assert.ok(Object.values(failures).reduce((sum, count) => sum + count, 0) >= 3, JSON.stringify(failures));
});

test('a leaf that is still served after another one is in force is out of date', async (t) => {
  const { port, serial, came } = await serveLeaf(t);
  const handshakes = new Handshakes(port, bundle, 100);
  handshakes.expect(serial);
  handshakes.start();
  await came(2);
  // The running handshakes have ended, and the next ones begin after the other leaf is in force.
  const before = await handshakes.stop();
  assert.equal(before.stale, 0);
  handshakes.expect('00');
  handshakes.start();
  await came(before.completed + 2);
  const { failures, stale } = await handshakes.stop();
  assert.deepEqual(failures, {});
  assert.ok(stale > 0);
});
