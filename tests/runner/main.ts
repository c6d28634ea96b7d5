// Checks the source and runs the tests, side by side. `npm test -- --help` says how.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Job, lintJobs, testJobs, typeJobs, writeDurations } from './jobs.ts';
import { type Options, parseOptions, ROOT, USAGE, UsageError } from './options.ts';
import { runPool } from './pool.ts';
import { endRunning, type Outcome, runJob } from './process.ts';
import { printOutcome, printSummary, writeTimes } from './report.ts';

const CACHE = path.join(ROOT, 'node_modules', '.cache', 'tests');
const LIMIT_MS = { default: 10 * 60_000, full: 120 * 60_000 };

let interrupted = false;

function interrupt(): void {
  interrupted = true;
  void endRunning();
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
// The launcher was killed and passes no signal on.
process.on('disconnect', interrupt);

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

async function run(options: Options): Promise<boolean> {
  const cores = os.availableParallelism();
  const jobs = jobsOf(options);
  const limits = options.measure ? { cores: 0, processes: 1 } : { cores, processes: 4 * cores };
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
  const outcomes = await runPool(jobs, limits, one, () => interrupted);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  writeTimes(outcomes, CACHE);
  if (options.measure) writeDurations(outcomes);
  printSummary(outcomes, (performance.now() - begun) / 1000, processorSeconds());
  if (interrupted) console.log('interrupted');
  return !interrupted && outcomes.every(({ passed }) => passed);
}

try {
  if (process.argv.includes('--help')) console.log(USAGE);
  else process.exit((await run(parseOptions(process.argv.slice(2)))) ? 0 : 1);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n${USAGE}`);
  process.exit(error.exitCode);
}
