import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startUserCluster, type UserClusterRun } from '../../kit/user-cluster.ts';
import { Link } from '../link.ts';
import { USER_FAULTS } from './faults.ts';
import { ownTarget, planSockets } from './options.ts';
import { playUserRound } from './round.ts';
import { RunningEdge, type Stage } from './stage.ts';
import type { UserRow } from './table.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const EXAMPLE = path.join(ROOT, 'examples/ws/server.mjs');
const SOCKETS = 16;

const temporary = mkdtempSync(path.join(os.tmpdir(), 'gridlock-chaos-'));
const command = `${JSON.stringify(process.execPath)} ${JSON.stringify(EXAMPLE)}`;
let cluster: UserClusterRun;
let stage: Stage;

before(async () => {
  cluster = await startUserCluster({
    command,
    replicas: 2,
    redis: 'none',
    sticky: 'query:room',
    healthPath: '/healthz',
  });
  const link = await Link.start(() => ({ host: '127.0.0.1', port: cluster.port }));
  stage = { link, edge: new RunningEdge(cluster.stateDir, 'SIGTERM') };
});
after(async () => {
  await stage.link.stop();
  await cluster.stop();
  rmSync(temporary, { recursive: true, force: true });
});

/** How many of all sockets a fault drops in its rounds. */
const DROPS: Record<string, 'all' | 'some' | 'none' | 'any'> = {
  'replica-kill': 'some',
  'replica-stop': 'none',
  'rolling-restart': 'all',
  'edge-kill': 'all',
  rotate: 'none',
  'network-cut': 'all',
  'network-silent': 'any',
};

for (const fault of USER_FAULTS) {
  test(`the ws example under ${fault.name}: ${fault.about}`, async () => {
    const { target, ca } = ownTarget(cluster.port, cluster.stateDir, '/ws?room={n}');
    const plan = planSockets({ sockets: SOCKETS, ping: 'hello {n}' }, target, ca);
    const round = await playUserRound(stage, fault, { plan, seed: 1, number: 1 });
    assert.deepEqual(round.problems, [], round.what);
    const dropped = Object.values(round.dropped).reduce((sum, count) => sum + count, 0);
    const expected = DROPS[fault.name]!;
    if (expected === 'none') assert.equal(dropped, 0);
    if (expected === 'some') assert.ok(dropped > 0 && dropped < SOCKETS);
    if (expected === 'all') assert.ok(dropped >= SOCKETS);
    if (fault.name === 'rolling-restart') assert.deepEqual(Object.keys(round.dropped), ['1001']);
  });
}

test('the command strikes a running npm start, prints a table and writes it down', async () => {
  const json = path.join(temporary, 'chaos.json');
  const { target, ca } = ownTarget(cluster.port, cluster.stateDir, '/ws?room={n}');
  const flags = [
    '--target',
    target,
    '--ca',
    ca,
    '--state-dir',
    cluster.stateDir,
    '--sockets',
    '8',
    '--fault',
    'rotate',
  ];
  const main = path.join(ROOT, 'cli/main.ts');
  const args = ['--disable-warning=ExperimentalWarning', main, 'chaos', ...flags, '--json', json];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  assert.match(stdout, /^\| rotate +\| +1 \| +8 \| +0 \| +0 \| +0 \|/m);
  const { rows } = JSON.parse(readFileSync(json, 'utf8')) as { rows: UserRow[] };
  assert.deepEqual(rows[0]!.faults, []);
});

test('the command starts copies of a server, and reports sockets that they cut without a close frame', async () => {
  const stubborn = `${JSON.stringify(process.execPath)} ${JSON.stringify(path.join(ROOT, 'infra/local/testing/echo-server.mjs'))}`;
  const flags = ['--command', stubborn, '--replicas', '2', '--sockets', '8', '--fault', 'rolling-restart'];
  const args = ['--disable-warning=ExperimentalWarning', path.join(ROOT, 'cli/main.ts'), 'chaos', ...flags];
  const run = promisify(execFile)(process.execPath, [...args, '--drain-signal', 'SIGQUIT']);
  await assert.rejects(run, (error: Error & { code: number; stdout: string }) => {
    assert.equal(error.code, 1);
    assert.match(error.stdout, /^FAULT {2}rolling-restart: round 1: \d+ sockets were cut without a close frame/m);
    return true;
  });
});
