import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { processTree, processUsage } from './process-usage.ts';
import { percentile, ratioOf, spreadOf } from './statistics.ts';
import { cpuBetween, residentBetween, tierUsage } from './tiers.ts';

test('a process that computes is seen to use CPU, and one that takes memory to hold it', async () => {
  const script = `
    process.stdin.once('data', () => {
      globalThis.kept = Buffer.alloc(64 * 2 ** 20, 1);
      for (const end = process.cpuUsage().user + 300_000; process.cpuUsage().user < end;);
      process.stdout.write('done');
    });
    process.stdout.write('ready');`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    const tiers = { worker: [child.pid!] };
    const before = tierUsage(tiers);
    child.stdin.write('go');
    await once(child.stdout, 'data');
    const after = tierUsage(tiers);
    assert.ok(cpuBetween(before, after)['worker']! >= 280, JSON.stringify([before, after]));
    assert.ok(residentBetween(before, after)['worker']! > 60 * 2 ** 20, JSON.stringify([before, after]));
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  assert.equal(processUsage(child.pid!), undefined);
});

test('what a process started counts with it', async () => {
  const child = spawn('sh', ['-c', 'sleep 60 & echo ready; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const tree = processTree(child.pid!);
  for (const pid of tree) process.kill(pid, 'SIGKILL');
  await once(child, 'exit');
  assert.equal(tree.length, 2);
  assert.equal(tree[0], child.pid);
});

test('percentiles are by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  assert.deepEqual(
    [0.5, 0.95, 0.99, 1].map((share) => percentile(hundred, share)),
    [50, 95, 99, 100],
  );
  assert.equal(percentile([7], 0.99), 7);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});

test('a spread is the median between the ends, and a ratio lies between the worst and the best of both', () => {
  assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, least: 1, most: 3, of: 3 });
  assert.deepEqual(spreadOf([1, Number.NaN, 3]), { median: 2, least: 1, most: 3, of: 2 });
  assert.equal(spreadOf([]), undefined);
  const [ours, theirs] = [spreadOf([10, 20])!, spreadOf([20, 40])!];
  assert.deepEqual(ratioOf(ours, theirs), { median: 0.5, least: 0.25, most: 1, of: 2 });
});
