import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Outcome } from './process.ts';

const LONGEST = 10;

const clock = (seconds: number) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

const indented = (text: string) => text.replace(/^/gm, '    ');

/** One line for each job, and all it printed when it failed or when `verbose`. */
export function printOutcome({ job, passed, counts, seconds, output }: Outcome, verbose: boolean): void {
  const tests = job.kind === 'check' ? '' : `  ${counts.passed + counts.failed + counts.skipped} tests`;
  console.log(`${passed ? '✔' : '✖'} ${seconds.toFixed(1).padStart(5)} s  ${job.name}${tests}`);
  if ((!passed || verbose) && output !== '') console.log(indented(output));
}

/** The failures once more, where the time went, and the counts as the last line. */
export function printSummary(outcomes: readonly Outcome[], seconds: number, cpuSeconds: number): void {
  const failures = outcomes.filter(({ passed }) => !passed);
  if (failures.length > 0) console.log('\nFailed:');
  for (const { job, tests } of failures) {
    console.log(`✖ ${job.name}`);
    for (const test of tests) if (test.result === 'fail') console.log(`    ${test.name}`);
  }
  const longest = [...outcomes].sort((a, b) => b.seconds - a.seconds);
  console.log('\nLongest (wall time, processor time):');
  for (const { job, ...took } of longest.slice(0, LONGEST)) {
    console.log(`${took.seconds.toFixed(1).padStart(7)} s ${took.cpuSeconds.toFixed(1).padStart(6)} s  ${job.name}`);
  }
  const [first] = longest;
  const share = first ? `, the longest ${Math.round((100 * first.seconds) / seconds)} % of it (${first.job.name})` : '';
  console.log(`\n${clock(seconds)} of wall time${share}; ${Math.round(cpuSeconds)} s of processor time`);
  const sum = (count: 'passed' | 'failed' | 'skipped') => outcomes.reduce((all, one) => all + one.counts[count], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
}

/** Writes what each job and each test took, for a closer look. */
export function writeTimes(outcomes: readonly Outcome[], directory: string): string {
  const file = path.join(directory, 'times.json');
  const rows = outcomes.map(({ job, seconds, cpuSeconds, passed, tests }) => {
    return { name: job.name, seconds, cpuSeconds, passed, tests };
  });
  writeFileSync(file, `${JSON.stringify(rows, null, 1)}\n`);
  return file;
}
