import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Job, lintJobs, testJobs, typeJobs, writeDurations } from './jobs.ts';
import { type Options, ROOT } from './options.ts';
import { runPool } from './pool.ts';
import { endRunning, type Outcome, runJob } from './process.ts';
import { printOutcome, printSummary, writeTimes } from './report.ts';

const CACHE = path.join(ROOT, 'node_modules', '.cache', 'tests');
/** A file keeps its cores busy only in bursts, so the plan may use this many times the cores there are. */
const OVERCOMMIT = 1.25;
const LIMIT_MS = { default: 10 * 60_000, full: 120 * 60_000 };

/** The events that end a run early. A killed launcher passes no signal on, but disconnects. */
const ENDS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const;

function jobsOf(options: Options): Job[] {
  return [...(options.lint ? lintJobs() : []), ...(options.types ? typeJobs() : []), ...testJobs(options)];
}

/** Processor time of this process and everything it waited for, in seconds. */
function processorSeconds(): number {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)!.split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) / 100, 0);
  } catch {
    return process.cpuUsage().user / 1e6;
  }
}

/** Runs the jobs side by side until `isInterrupted`. Resolves with whether all passed. */
async function runJobs(options: Options, isInterrupted: () => boolean): Promise<boolean> {
  const cores = os.availableParallelism();
  const jobs = jobsOf(options);
  const limits = options.measure ? { cores: 0, processes: 1 } : { cores: OVERCOMMIT * cores, processes: 5 * cores };
  const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-tests-'));
  const live = jobs.length === 1;
  const limitMs = options.full ? LIMIT_MS.full : LIMIT_MS.default;
  const begun = performance.now();
  console.log(`${jobs.length} checks and test files${options.full ? ', in full' : ''}`);
  const one = async (job: Job): Promise<Outcome> => {
    const outcome = await runJob(job, { directory, full: options.full, live, limitMs });
    printOutcome(outcome, !options.everything);
    return outcome;
  };
  const outcomes = await runPool(jobs, limits, one, isInterrupted);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  writeTimes(outcomes, CACHE);
  if (options.measure) writeDurations(outcomes);
  printSummary(outcomes, (performance.now() - begun) / 1000, processorSeconds());
  if (isInterrupted()) console.log('interrupted');
  return !isInterrupted() && outcomes.every(({ passed }) => passed);
}

/** Checks the source and runs the tests. Resolves with whether all passed; a signal ends what runs. */
export async function runTests(options: Options): Promise<boolean> {
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    void endRunning();
  };
  for (const event of ENDS) process.on(event, interrupt);
  try {
    return await runJobs(options, () => interrupted);
  } finally {
    for (const event of ENDS) process.off(event, interrupt);
  }
}
