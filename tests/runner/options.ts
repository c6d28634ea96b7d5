import { existsSync, globSync, statSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** These start whole clusters or a browser; all others are unit tests. */
export const INTEGRATION = /\.(integration|browser)\.test\.tsx?$/;
const TEST = /\.test\.tsx?$/;
const SKIPPED_DIRECTORIES = /(^|\/)(node_modules|\.[^/]+)(\/|$)/;

export const USAGE = `Usage: gridlock test [options] [files, folders or patterns] [options of node --test]

Checks the source and runs the tests, or only the tests that are named.

  --unit         checks, unit and property tests only
  --integration  integration and browser tests only
  --lint         format, lint and import rules only
  --checks       the same, and types
  --full         more repetitions and longer runs of everything that repeats
  --measure      run one file after the other, then write what each takes to tests/runner/durations.json
  --help         print this help

The last line counts what passed, failed and was skipped. Exit codes: 0 all passed, 1 a failure, 2 wrong usage.`;

export interface Options {
  readonly files: readonly string[];
  /** Passed on to Node for every file. */
  readonly nodeOptions: readonly string[];
  /** Format, lint and import rules; not when files were named. */
  readonly lint: boolean;
  readonly types: boolean;
  readonly everything: boolean;
  readonly full: boolean;
  readonly measure: boolean;
}

export class UsageError extends Error {
  readonly exitCode = 2;
}

/** Test files under a directory or matching a pattern, or the file itself. */
function filesOf(argument: string): string[] {
  const place = path.relative(ROOT, path.resolve(argument));
  if (existsSync(path.join(ROOT, place)) && !statSync(path.join(ROOT, place)).isDirectory()) return [place];
  const pattern = existsSync(path.join(ROOT, place)) ? path.join(place, '**/*.test.{ts,tsx}') : argument;
  return globSync(pattern, { cwd: ROOT, exclude: (name) => SKIPPED_DIRECTORIES.test(name) }).filter(
    (file) => TEST.test(file) && !SKIPPED_DIRECTORIES.test(file),
  );
}

/**
 * Tells files from options of Node; what follows such an option and is no file is the option's value.
 * @throws UsageError when there are no test files at an argument
 */
export function parseOptions(args: readonly string[]): Options {
  const own = new Set(['--unit', '--integration', '--lint', '--checks', '--full', '--measure']);
  const nodeOptions: string[] = [];
  const files = new Set<string>();
  for (const argument of args.filter((one) => !own.has(one))) {
    const found = argument.startsWith('-') ? [] : filesOf(argument);
    const isValue = found.length === 0 && nodeOptions.at(-1)?.startsWith('--');
    if (argument.startsWith('-') || isValue) nodeOptions.push(argument);
    else if (found.length === 0) throw new UsageError(`There are no test files at ${argument}.`);
    for (const file of found) files.add(file);
  }
  const everything = files.size === 0;
  const only = (kind: string) =>
    !['--unit', '--integration', '--lint', '--checks'].some((one) => one !== kind && args.includes(one));
  const wanted = (file: string) => only(INTEGRATION.test(file) ? '--integration' : '--unit');
  return {
    files: [...(everything ? filesOf('.') : files)].filter(wanted).sort(),
    nodeOptions,
    lint: everything && !args.includes('--integration'),
    types: everything && !args.includes('--integration') && !args.includes('--lint'),
    everything,
    full: args.includes('--full'),
    measure: args.includes('--measure'),
  };
}
