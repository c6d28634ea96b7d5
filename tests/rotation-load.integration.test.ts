// `npm run rotation` in its everyday size, and checks that its counters count.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ensureChain, syncEdge } from '../certs/index.ts';
import { runtimeCommand } from '../infra/edge/haproxy.ts';
import { waitFor } from '../infra/local/wait.ts';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { Crowd, steadily } from '../loadtest/kit/crowd.ts';
import { Handshakes } from '../loadtest/rotation/handshakes.ts';
import { measure } from '../loadtest/rotation/measure.ts';
import { describe as describeRun, faultsOf } from '../loadtest/rotation/verdict.ts';

let cluster: Cluster;
const socket = () => path.join(cluster.stateDir, 'run/haproxy.sock');
const until = (what: string, is: () => boolean) =>
  waitFor(async () => (is() ? true : undefined), { what, timeoutMs: 60_000, intervalMs: 10 });

before(async () => {
  cluster = await startCluster({ replicas: 2 });
});
after(() => cluster?.stop());

test('a socket that the edge cuts is counted as dropped, and its player goes on', async () => {
  // All sockets are at one replica. Otherwise a player who is back already could be cut a second time.
  await runtimeCommand(socket(), 'set server replicas/ws2 state drain');
  const players = await Crowd.connect(cluster, 6);
  await players.seat(3, { players: 2, size: 9, seconds: 300 });
  await runtimeCommand(socket(), 'set server replicas/ws2 state ready');
  players.play(steadily(200));
  await until('the first moves', () => players.moves.length > 10);
  await runtimeCommand(socket(), 'shutdown sessions server replicas/ws1');
  await until('the sockets to be lost', () => players.report().dropped.length >= 6);
  await until('the sockets to be back', () => players.open === 6);
  const moved = players.moves.length;
  await until('more moves', () => players.moves.length > moved + 10);
  await players.stop();
  const { dropped, violations } = players.report();
  players.close();
  assert.equal(dropped.length, 6);
  assert.deepEqual(violations, []);
});

test('handshakes that a wrong leaf in the edge spoils are counted as failed', async (t) => {
  const stranger = mkdtempSync(path.join(os.tmpdir(), 'gridlock-stranger-'));
  t.after(() => rmSync(stranger, { recursive: true, force: true }));
  const { leafPath } = await ensureChain({ dir: stranger, dnsNames: ['localhost'], ipAddresses: [] });
  const handshakes = new Handshakes(Number(new URL(cluster.url).port), cluster.rootPem, 20);
  handshakes.start();
  await runtimeCommand(
    socket(),
    `set ssl cert pki/leaf.pem <<\n${readFileSync(leafPath, 'utf8').replaceAll(/\n+/g, '\n')}`,
  );
  await runtimeCommand(socket(), 'commit ssl cert pki/leaf.pem');
  await until('handshakes that fail', () => handshakes.failures > 2);
  assert.equal(await syncEdge(path.join(cluster.stateDir, 'pki')), true);
  const { failures } = await handshakes.stop();
  assert.match(Object.keys(failures).join(), /certificate/);
});

// The last: afterwards another root vouches for the edge.
test('nobody notices rotations of leaf and intermediate and a rollover of the root', async (t) => {
  const result = await measure(cluster, {
    sockets: 30,
    pace: 2,
    leaf: 16,
    intermediate: 3,
    every: 100,
    handshakes: 10,
  });
  for (const line of describeRun(result)) t.diagnostic(line);
  assert.deepEqual(faultsOf(result), []);
  assert.equal(result.rotations.length, 22);
  assert.ok(result.handshakes.leaves > 1);
  assert.ok(result.calm.moves > 0 && result.rotating.moves > 0);
});

for (const [what, args, sentence] of [
  ['an odd number of sockets', ['--sockets', '7'], /^--sockets is 7; two play a game/],
  ['a value that is not a number', ['--leaf', 'many'], /--leaf.*'many'.*a whole number from 0 to 10000/],
  ['an empty value', ['--every='], /--every.*a whole number from 10/],
  ['an unknown flag', ['--roots', '2'], /Unknown option '--roots'/i],
] as const) {
  test(`the command refuses ${what} with a sentence, exit code 2`, async () => {
    const program = path.resolve(import.meta.dirname, '../cli/main.ts');
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, 'rotation', ...args]);
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 2);
    assert.match(stderr, sentence);
  });
}
