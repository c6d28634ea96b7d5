import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { statePaths } from '../../infra/local/state-paths.ts';
import { waitFor } from '../../infra/local/wait.ts';
import { startUserCluster, type UserClusterRun } from '../kit/user-cluster.ts';
import { planConnect } from './options.ts';
import { holdSockets } from './run.ts';
import { type ConnectSummary, describeConnect } from './summary.ts';
import { Tally } from './tally.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const ECHO = path.join(ROOT, 'infra/local/testing/echo-server.mjs');
const SOCKETS = 20;
/** Longer than any test: each ends its run when it has seen enough. */
const SECONDS = 120;

const out = mkdtempSync(path.join(os.tmpdir(), 'gridlock-connect-'));
let cluster: UserClusterRun;
let target: { target: string; ca: string };

before(async () => {
  const command = `${JSON.stringify(process.execPath)} ${JSON.stringify(ECHO)}`;
  cluster = await startUserCluster({ command, replicas: 2, redis: 'none', sticky: 'query:user', drainSeconds: 1 });
  target = {
    target: `wss://localhost:${cluster.port}/?user={n}`,
    ca: path.join(statePaths(cluster.stateDir).pki, 'root.pem'),
  };
});
after(async () => {
  await cluster.stop();
  rmSync(out, { recursive: true, force: true });
});

const until = (what: string, isSo: () => boolean) =>
  waitFor(async () => isSo() || undefined, { what, timeoutMs: 60_000 });

/** Holds sockets until `meanwhile` has resolved. */
async function run(meanwhile: (tally: Tally) => Promise<unknown>): Promise<ConnectSummary> {
  const enough = new AbortController();
  const tally = new Tally();
  const plan = planConnect({ ...target, sockets: SOCKETS, seconds: SECONDS, ramp: 0, ping: 'hello {n}', pace: 2 });
  const running = holdSockets(plan, () => undefined, enough.signal, tally);
  await meanwhile(tally).finally(() => enough.abort());
  return running;
}

test('sockets through the edge are held and answered', async () => {
  const summary = await run((tally) => until('an echo for each', () => tally.answered >= 2 * SOCKETS));
  assert.ok(summary.passed, describeConnect(summary));
  assert.deepEqual(summary.sockets, { wanted: SOCKETS, most: SOCKETS, atEnd: SOCKETS, opened: SOCKETS });
});

test('a copy that is killed drops its sockets and no others, and they come back', async () => {
  let held = 0;
  const summary = await run(async (tally) => {
    await until('all sockets', () => tally.open === SOCKETS);
    const [victim, other] = await waitFor(
      async () => {
        const { servers } = await cluster.settled();
        return servers.reduce((sum, { sessions }) => sum + sessions, 0) === SOCKETS ? servers : undefined;
      },
      { what: 'all sockets to be counted', timeoutMs: 60_000 },
    );
    held = victim!.sessions;
    assert.ok(held > 0 && other!.sessions > 0);
    process.kill(victim!.pid!, 'SIGKILL');
    await until('all sockets to come back', () => tally.opened === SOCKETS + held);
  });
  assert.deepEqual(summary.dropped, { 1006: held });
  assert.equal(summary.sockets.atEnd, SOCKETS);
  assert.equal(summary.metrics['reconnect_ms']!.samples, held);
  assert.equal(summary.passed, false);
});

test('the command prints the result, writes it down, and exits with 0 when all went well', async () => {
  await cluster.settled();
  const flags = ['--target', target.target, '--ca', target.ca, '--sockets', '4', '--seconds', '1', '--out', out];
  const args = ['--disable-warning=ExperimentalWarning', path.join(ROOT, 'cli/main.ts'), 'load', 'connect', ...flags];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  assert.match(stdout, /^ {2}ok {3}no socket was dropped \(0\)$[\s\S]*^every threshold holds$/m);
  const written = JSON.parse(readFileSync(path.join(out, 'summary.json'), 'utf8')) as ConnectSummary;
  assert.equal(written.sockets.opened, 4);
});
