import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type Cluster, startCluster } from '../../loadtest/kit/cluster.ts';

const GRIDLOCK = path.resolve(import.meta.dirname, '../../cli/main.ts');
let cluster: Cluster;

before(async () => {
  cluster = await startCluster({ replicas: 2 });
});
after(() => cluster?.stop());

async function play(...args: string[]) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', GRIDLOCK, 'play', ...args]);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...output };
}
const root = () => path.join(cluster.stateDir, 'pki/root.pem');

test('games are played to their end, and no acknowledged move is lost', async () => {
  const { code, stdout, stderr } = await play('--url', cluster.url, '--ca', root(), '--games', '3');
  assert.equal(code, 0, stdout + stderr);
  const lines = stdout.trim().split('\n');
  assert.equal(lines.length, 4);
  for (const line of lines.slice(0, 3)) {
    const [, scores] = /^game [A-Z2-9]{6} on \d{4}(?: and \d{4})?: \w+ (\d+, \w+ \d+); 25 moves$/.exec(line) ?? [];
    assert.equal(
      (scores!.match(/\d+/g) ?? []).map(Number).reduce((a, b) => a + b),
      25,
      line,
    );
  }
  assert.match(lines[3]!, /^3 of 3 games played to the end, 75 moves acknowledged, 0 lost; p50 /);
});

test('play refuses an untrusted cluster, and a sentence says why', async () => {
  const { code, stdout, stderr } = await play('--url', cluster.url);
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(stderr, /^https:\/\/\S+ cannot be played on: .*certificate.* --ca names the root to trust\.$/m);
});

for (const [what, args, pattern] of [
  ['an invalid address', ['--url', 'localhost'], /^--url is "localhost"/],
  ['an invalid number of games', ['--games', 'many'], /'--games <count>' argument 'many' is invalid.*1 to 1000/],
  ['a missing root', ['--url', 'https://localhost', '--ca', '/gone.pem'], /^The root certificate \/gone\.pem/],
  ['an unknown flag', ['--game', '3'], /Unknown option '--game'/],
] as const) {
  test(`${what} is refused with a sentence, exit code 2`, async () => {
    const { code, stderr } = await play(...args);
    assert.deepEqual([code, pattern.test(stderr)], [2, true], stderr);
  });
}
