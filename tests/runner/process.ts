// Runs one job as a process group, so that it can be ended with everything it started.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processFields } from '../../infra/setup/process-identity.mjs';
import type { Job } from './jobs.ts';
import { ROOT } from './options.ts';

const REPORTER = path.join(import.meta.dirname, 'reporter.mjs');
/** How long a process may take to end after it was asked to, or after its test file ended. */
const GRACE_MS = 5000;
const POLL_MS = 20;

export interface TestResult {
  readonly name: string;
  readonly result: 'pass' | 'fail' | 'skipped';
  readonly seconds: number;
}

export interface Outcome {
  readonly job: Job;
  readonly passed: boolean;
  readonly counts: { readonly passed: number; readonly failed: number; readonly skipped: number };
  readonly tests: readonly TestResult[];
  readonly seconds: number;
  /** Processor time of the process and of the children it waited for, in seconds. */
  readonly cpuSeconds: number;
  readonly output: string;
}

export interface RunOptions {
  /** An existing directory for what the processes write for the runner. */
  readonly directory: string;
  readonly full: boolean;
  /** Shows the output as it comes instead of collecting it. */
  readonly live: boolean;
  /** How long one job may take. */
  readonly limitMs: number;
}

const running = new Set<ChildProcess>();
let number = 0;

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  try {
    return pid !== undefined && process.kill(-pid, signal);
  } catch {
    return false;
  }
}

/**
 * Whether a process of the group runs. A zombie does not: where the first process of a container waits for no orphans,
 * they stay for as long as the container.
 */
function groupRuns(child: ChildProcess): boolean {
  if (!signalGroup(child, 0)) return false;
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false;
    const [state, , group] = processFields(Number(name)) ?? [];
    return group === String(child.pid) && state !== 'Z' && state !== 'X';
  });
}

/** True when no process of the group runs after the grace period or before. */
async function groupEnded(child: ChildProcess): Promise<boolean> {
  for (const deadline = performance.now() + GRACE_MS; groupRuns(child); await delay(POLL_MS)) {
    if (performance.now() > deadline) return false;
  }
  return true;
}

async function endGroup(child: ChildProcess): Promise<void> {
  signalGroup(child, 'SIGTERM');
  if (!(await groupEnded(child))) signalGroup(child, 'SIGKILL');
}

/** Ends every job that is running; resolves when nothing of them is left. */
export async function endRunning(): Promise<void> {
  await Promise.all([...running].map(endGroup));
}

const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];

export async function runJob(job: Job, { directory, full, live, limitMs }: RunOptions): Promise<Outcome> {
  const [events, usage] = ['events', 'usage'].map((kind) => path.join(directory, `${++number}.${kind}`)) as [
    string,
    string,
  ];
  const reporters = [
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...[`--test-reporter=${REPORTER}`, `--test-reporter-destination=${events}`],
  ];
  const env: NodeJS.ProcessEnv = { ...process.env, GRIDLOCK_TEST_FILE: job.name, GRIDLOCK_TEST_USAGE: usage };
  if (full) env['GRIDLOCK_TEST_FULL'] = '1';
  // A test run inside a test run is independent.
  delete env['NODE_TEST_CONTEXT'];
  const begun = performance.now();
  const args = [...(job.kind === 'tests' ? reporters : []), ...job.args];
  const output = live ? 'inherit' : 'pipe';
  const child = spawn(process.execPath, args, { cwd: ROOT, env, detached: true, stdio: ['ignore', output, output] });
  running.add(child);
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => printed.push(chunk));
  const closed = once(child, 'close').catch(() => undefined);
  const notes: string[] = [];
  const limit = setTimeout(() => {
    notes.push(`It was still running after ${limitMs / 60_000} minutes, and was ended.`);
    void endGroup(child);
  }, limitMs);
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      notes.push(error.message);
      resolve(null);
    });
    child.once('exit', resolve);
  });
  clearTimeout(limit);
  const seconds = (performance.now() - begun) / 1000;
  if (!(await groupEnded(child))) {
    notes.push('It left processes behind: end them where the test ends, also when it fails.');
    signalGroup(child, 'SIGKILL');
  }
  running.delete(child);
  await Promise.race([closed, delay(1000)]);
  return outcome(job, { code, seconds, notes, events, usage, printed });
}

interface Ended {
  readonly code: number | null;
  readonly seconds: number;
  readonly notes: readonly string[];
  readonly events: string;
  readonly usage: string;
  readonly printed: readonly Buffer[];
}

function outcome(job: Job, { code, seconds, notes, events, usage, printed }: Ended): Outcome {
  const lines = linesOf(events).map((line) => JSON.parse(line) as Partial<TestResult> & { counts?: Counts });
  const counts = lines.find((line) => line.counts)?.counts;
  const passed = code === 0 && notes.length === 0;
  const failed = (counts?.failed ?? 0) + (counts?.cancelled ?? 0);
  return {
    job,
    passed,
    counts: {
      passed: job.kind === 'check' ? Number(passed) : (counts?.passed ?? 0),
      // A file that failed for another reason than one of its tests counts as one.
      failed: passed ? 0 : Math.max(failed, 1),
      skipped: (counts?.skipped ?? 0) + (counts?.todo ?? 0),
    },
    tests: lines.filter((line): line is TestResult => line.result !== undefined),
    seconds,
    cpuSeconds: Number(linesOf(usage)[0] ?? 0),
    output: [Buffer.concat(printed).toString(), ...notes].join('\n').trim(),
  };
}

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly skipped: number;
  readonly todo: number;
}
