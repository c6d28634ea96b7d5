// The smallest size of `npm run load -- smoke`, and that what it must notice is noticed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startCluster, type Cluster } from '../../infra/local/cluster.ts';
import { findK6 } from './k6-binary.ts';
import type { Summary } from './summary.ts';
import { FaultyProxy, type Plant } from './testing/faulty-proxy.ts';

const MAIN = path.join(import.meta.dirname, 'main.ts');

function missing(): string | undefined {
  try {
    findK6();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
const skip = missing();
const options = { timeout: 120_000, ...(skip === undefined ? {} : { skip }) };

let cluster: Cluster;
let directory: string;

before(async () => {
  if (skip !== undefined) return;
  directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-load-test-'));
  cluster = await startCluster({ replicas: 2, heartbeatMs: 2000 });
});
after(async () => {
  if (skip !== undefined) return;
  await cluster?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function load(name: string, url: string, ...flags: string[]) {
  const out = path.join(directory, name);
  const target = ['--target', url.replace(/^https/, 'wss'), '--ca', path.join(cluster.stateDir, 'pki/root.pem')];
  const args = ['smoke', ...target, '--sockets', '16', '--duration', '12s', '--pace', '2', '--out', out, ...flags];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const ended = once(child, 'close') as Promise<[number]>;
  return {
    /** Resolves when what is printed matches. */
    line: async (pattern: RegExp) => {
      while (!pattern.test(output)) {
        const over = await Promise.race([once(child.stderr, 'data').then(() => false), ended.then(() => true)]);
        assert.ok(!over || pattern.test(output), output);
      }
    },
    result: async () => {
      const [code] = await ended;
      const read = (file: string) => readFileSync(path.join(out, file), 'utf8');
      return { code, output, summary: JSON.parse(read('summary.json')) as Summary, report: read('report.html') };
    },
  };
}

const failedOf = ({ thresholds }: Summary) => thresholds.filter(({ passed }) => !passed).map(({ name }) => name);

test('every metric has samples when all goes well, every client resumes once, and each threshold holds', options, async () => {
  const run = await load('well', cluster.url);
  const { code, output, summary, report } = await run.result();
  assert.deepEqual(failedOf(summary), [], output);
  assert.equal(code, 0, output);
  for (const [name, { samples, p99 }] of Object.entries(summary.metrics)) {
    assert.ok(samples > 0 && p99 !== null, `${name}: ${samples} samples`);
  }
  assert.deepEqual(Object.keys(summary.metrics).sort(), [
    'delivery_lag_ms', 'generator_delay_ms', 'handshake_ms', 'move_answer_ms', 'move_round_trip_ms', 'resume_ms',
  ]);
  const { gaps, duplicates, lost_acked_moves: lost, cuts, acked_moves: acked } = summary.counters;
  assert.deepEqual({ gaps, duplicates, lost, cuts }, { gaps: 0, duplicates: 0, lost: 0, cuts: 16 });
  assert.ok(acked! > 50, `${acked} moves`);
  assert.deepEqual(summary.recovered_rate, { samples: 16, rate: 1 });
  assert.deepEqual(summary.closeCodes, { 1000: 16, 3000: 16 });
  assert.equal(Object.values(summary.replicas).reduce((sum, count) => sum + count, 0), 16);
  assert.ok(summary.cpu['k6']!.mean > 0, 'the CPU of the generator is published');
  assert.match(report, /<h1>smoke <span class="verdict passed">/);
  assert.match(report, /srcdoc="/, 'the dashboard of k6 is in the same file');
});

async function planted(plant: Plant) {
  const proxy = new FaultyProxy(plant, cluster);
  try {
    const run = await load(plant, await proxy.listen());
    const { code, output, summary } = await run.result();
    return { code, output, summary, planted: proxy.planted.count };
  } finally {
    await proxy.close();
  }
}

test('a proxy that plants nothing is not noticed', options, async () => {
  const { code, output } = await planted('nothing');
  assert.equal(code, 0, output);
});

test('an event that is dropped is reported as a gap', options, async () => {
  const { code, output, summary, planted: count } = await planted('drop');
  assert.equal(code, 1, output);
  assert.ok(count > 0);
  assert.ok(failedOf(summary).includes('gaps count==0'), output);
});

test('an event that comes twice is reported as a duplicate', options, async () => {
  const { code, output, summary, planted: count } = await planted('duplicate');
  assert.equal(code, 1, output);
  assert.ok(count > 0);
  assert.deepEqual(failedOf(summary), ['duplicates count==0']);
});

test('an event that comes late, behind those after it, is reported', options, async () => {
  const { code, output, summary } = await planted('late');
  assert.equal(code, 1, output);
  assert.ok(failedOf(summary).includes('gaps count==0'), output);
});

test('a replica that hangs is reported', options, async () => {
  const run = await load('hung', cluster.url);
  await run.line(/\d of 12 s: \d+ sockets/);
  const { replicas } = await cluster.status();
  const pid = replicas[0]!.pid!;
  process.kill(pid, 'SIGSTOP');
  try {
    const { code, output, summary } = await run.result();
    assert.equal(code, 1, output);
    assert.ok(failedOf(summary).some((name) => /^(unexpected_closes|failed_moves|failed_connects|move_round_trip_ms)/.test(name)), output);
  } finally {
    process.kill(pid, 'SIGCONT');
    await cluster.settled();
  }
});
