// The order of the jobs: the longest first, side by side as far as the processor allows, and jobs that measure alone.
import type { Job } from './jobs.ts';

export interface PoolLimits {
  /** How many cores the jobs that run side by side may keep busy together, by their estimates. */
  readonly cores: number;
  readonly processes: number;
}

/**
 * The next job to start while others run, or undefined when one of them has to end first.
 * A job that needs more than the limit runs when nothing else does.
 */
export function nextJob(waiting: readonly Job[], running: readonly Job[], limits: PoolLimits): Job | undefined {
  if (running.length === 0) return waiting[0];
  if (running.length >= limits.processes || running.some(({ alone }) => alone)) return undefined;
  const free = limits.cores - running.reduce((sum, { cores }) => sum + cores, 0);
  return waiting.find((job) => !job.alone && job.cores <= free + 1e-9);
}

/** Checks first, then test files by their estimated time, then those that run alone. */
export function inOrder(jobs: readonly Job[]): Job[] {
  const rank = ({ kind, alone }: Job) => (kind === 'check' ? 0 : alone ? 2 : 1);
  return [...jobs].sort((a, b) => rank(a) - rank(b) || b.seconds - a.seconds);
}

/** Runs every job; `isStopped` is asked before each start. */
export async function runPool<T>(
  jobs: readonly Job[],
  limits: PoolLimits,
  run: (job: Job) => Promise<T>,
  isStopped: () => boolean,
): Promise<T[]> {
  const waiting = inOrder(jobs);
  const running = new Map<Job, Promise<void>>();
  const results: T[] = [];
  while ((waiting.length > 0 && !isStopped()) || running.size > 0) {
    const job = isStopped() ? undefined : nextJob(waiting, [...running.keys()], limits);
    if (job === undefined) {
      await Promise.race(running.values());
      continue;
    }
    waiting.splice(waiting.indexOf(job), 1);
    const done = run(job).then((result) => {
      results.push(result);
      running.delete(job);
    });
    running.set(job, done);
  }
  return results;
}
