// The smallest size of `npm run load -- smoke`, with a check that it notices each fault.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Cluster, startCluster } from '../kit/cluster.ts';
import { findK6 } from './k6-process.ts';
import type { Summary } from './summary.ts';
import { FaultyProxy, type Plant } from './testing/faulty-proxy.ts';

const MAIN = path.join(import.meta.dirname, '../../cli/main.ts');
/**
 * Every connected client is cut once. A quarter of this time lies between the end of the ramp and the first cut, which
 * is longer than a busy machine delays k6 or the cluster.
 */
const SECONDS = 24;

function missing(): string | undefined {
  try {
    findK6();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
const skip = missing();
const options = { timeout: 240_000, ...(skip === undefined ? {} : { skip }) };

let cluster: Cluster;
let directory: string;

before(async () => {
  if (skip !== undefined) return;
  directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-load-test-'));
  cluster = await startCluster({ replicas: 2 });
});
after(async () => {
  if (skip !== undefined) return;
  await cluster?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function load(name: string, { url, stateDir }: Pick<Cluster, 'url' | 'stateDir'>) {
  const out = path.join(directory, name);
  const target = ['--target', url.replace(/^https/, 'wss'), '--ca', path.join(stateDir, 'pki/root.pem')];
  const args = ['smoke', ...target, '--sockets', '16', '--duration', `${SECONDS}s`, '--pace', '2', '--out', out];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'load', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const ended = once(child, 'close') as Promise<[number]>;
  return {
    /** Resolves when the output matches. */
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

type Thresholds = Pick<Summary, 'thresholds'>;
const failedOf = ({ thresholds }: Thresholds) => thresholds.filter(({ passed }) => !passed).map(({ name }) => name);

/**
 * `move_round_trip_ms p(95)<500`, which depends on the spare capacity of the machine, so it may fail without a fault.
 */
const SPEED = /_ms p\(\d+\)<(\d+)$/;

/**
 * The failed thresholds other than speed. For speed it checks that the verdict follows the measurements, and for both
 * that they decide the run.
 */
function faultsOf({ thresholds, passed: allPassed }: Summary, code: number, output: string): string[] {
  const speed = thresholds.filter(({ name }) => SPEED.test(name));
  assert.equal(speed.length, 6, output);
  for (const { name, passed, value } of speed) {
    assert.equal(passed, Number.parseFloat(value) < Number(SPEED.exec(name)![1]), `${name}: ${value}`);
  }
  const failed = failedOf({ thresholds });
  assert.deepEqual([code, allPassed], failed.length === 0 ? [0, true] : [1, false], output);
  return failed.filter((name) => !SPEED.test(name));
}

async function planted(plant: Plant) {
  const proxy = new FaultyProxy(plant, cluster);
  try {
    const run = await load(plant, { url: await proxy.listen(), stateDir: cluster.stateDir });
    const { code, output, summary } = await run.result();
    return { code, output, summary, planted: proxy.planted.count };
  } finally {
    await proxy.close();
  }
}

// These tests wait more than they compute.
describe('a run of the smallest size', { concurrency: 3 }, () => {
  test('a replica that hangs is reported', options, async () => {
    // A separate cluster, because with a heartbeat this short a busy machine also costs sockets.
    const own = await startCluster({ replicas: 2, heartbeatMs: 2000 });
    try {
      const run = await load('hung', own);
      await run.line(new RegExp(`\\d of ${SECONDS} s: \\d+ sockets`));
      const { replicas } = await own.status();
      process.kill(replicas[0]!.pid!, 'SIGSTOP');
      const { code, output, summary } = await run.result();
      process.kill(replicas[0]!.pid!, 'SIGCONT');
      assert.equal(code, 1, output);
      assert.ok(
        failedOf(summary).some((name) =>
          /^(unexpected_closes|failed_moves|failed_connects|move_round_trip_ms)/.test(name),
        ),
        output,
      );
    } finally {
      await own.stop();
    }
  });

  test(
    'every metric has samples when all goes well, every client resumes once, and each threshold holds',
    options,
    async () => {
      const run = await load('well', cluster);
      const { code, output, summary, report } = await run.result();
      assert.deepEqual(faultsOf(summary, code, output), [], output);
      for (const [name, { samples, p99 }] of Object.entries(summary.metrics)) {
        assert.ok(samples > 0 && p99 !== null, `${name}: ${samples} samples`);
      }
      assert.deepEqual(Object.keys(summary.metrics).sort(), [
        'delivery_lag_ms',
        'generator_delay_ms',
        'handshake_ms',
        'move_answer_ms',
        'move_round_trip_ms',
        'resume_ms',
      ]);
      const { gaps, duplicates, lost_acked_moves: lost, cuts, acked_moves: acked } = summary.counters;
      assert.deepEqual({ gaps, duplicates, lost, cuts }, { gaps: 0, duplicates: 0, lost: 0, cuts: 16 });
      assert.ok(acked! > 50, `${acked} moves`);
      assert.deepEqual(summary.recovered_rate, { samples: 16, rate: 1 });
      assert.deepEqual(summary.closeCodes, { 1000: 16, 3000: 16 });
      assert.equal(
        Object.values(summary.replicas).reduce((sum, count) => sum + count, 0),
        16,
      );
      assert.ok(summary.cpu['k6']!.mean > 0, 'the CPU of the generator is published');
      assert.match(report, new RegExp(`<h1>smoke <span class="verdict ${summary.passed ? 'passed' : 'failed'}">`));
      assert.match(report, /srcdoc="/, 'the dashboard of k6 is in the same file');
    },
  );

  test('a proxy without a fault is not noticed', options, async () => {
    const { code, output, summary } = await planted('nothing');
    assert.deepEqual(faultsOf(summary, code, output), [], output);
  });

  test('a socket from which k6 passes on nothing is opened again', options, async () => {
    const { code, output, summary, planted: count } = await planted('silence');
    assert.equal(count, 1);
    assert.match(output, /A socket was open and k6 passed on nothing/);
    assert.deepEqual(faultsOf(summary, code, output), [], output);
  });

  test('an event that is dropped is reported as a gap', options, async () => {
    const { code, output, summary, planted: count } = await planted('drop');
    assert.equal(code, 1, output);
    assert.ok(count > 0);
    assert.ok(failedOf(summary).includes('gaps count==0'), output);
  });

  test('an event that comes twice is reported as a duplicate', options, async () => {
    const { code, output, summary, planted: count } = await planted('duplicate');
    assert.ok(count > 0);
    assert.deepEqual(faultsOf(summary, code, output), ['duplicates count==0']);
  });

  test('an event that comes late, behind those after it, is reported', options, async () => {
    const { code, output, summary } = await planted('late');
    assert.equal(code, 1, output);
    assert.ok(failedOf(summary).includes('gaps count==0'), output);
  });

  test('an interrupt that comes while the cluster is started ends the run', options, async () => {
    const args = [
      'smoke',
      '--sockets',
      '16',
      '--duration',
      '12s',
      '--replicas',
      '1',
      '--out',
      path.join(directory, 'none'),
    ];
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'load', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let isInterrupted = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += String(chunk);
        // Only one: a second signal could hit the ending process, which no longer has handlers and would die of it.
        if (isInterrupted || !/starting a cluster/.test(output)) return;
        isInterrupted = true;
        child.kill('SIGINT');
      });
    }
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 2, output);
    assert.match(output, /Interrupted before any player started\./);
  });
});
