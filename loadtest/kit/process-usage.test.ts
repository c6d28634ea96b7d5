import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { cpuBetween, processTree, processUsage, residentBetween, tierUsage } from './process-usage.ts';

test('the CPU of a process that computes and the memory of a process that allocates are measured', async () => {
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

test('the processes that a process started count with it', async () => {
  const child = spawn('sh', ['-c', 'sleep 60 & echo ready; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const tree = processTree(child.pid!);
  for (const pid of tree) process.kill(pid, 'SIGKILL');
  await once(child, 'exit');
  assert.equal(tree.length, 2);
  assert.equal(tree[0], child.pid);
});
