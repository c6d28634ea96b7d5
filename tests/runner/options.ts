import { existsSync, globSync, statSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../../infra/usage-error.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** These start whole clusters or a browser; all others are unit tests. */
export const INTEGRATION = /\.(integration|browser)\.test\.tsx?$/;
const TEST = /\.test\.tsx?$/;
const SKIPPED_DIRECTORIES = /(^|\/)(node_modules|\.[^/]+)(\/|$)/;

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

/** Test files under a directory or matching a pattern, or the file itself. */
function filesOf(argument: string): string[] {
  const place = path.relative(ROOT, path.resolve(argument));
  if (existsSync(path.join(ROOT, place)) && !statSync(path.join(ROOT, place)).isDirectory()) return [place];
  const pattern = existsSync(path.join(ROOT, place)) ? path.join(place, '**/*.test.{ts,tsx}') : argument;
  return globSync(pattern, { cwd: ROOT, exclude: (name) => SKIPPED_DIRECTORIES.test(name) }).filter(
    (file) => TEST.test(file) && !SKIPPED_DIRECTORIES.test(file),
  );
}

/** The parts of a run that flags select. */
export type Flags = {
  readonly [flag in 'unit' | 'integration' | 'lint' | 'checks' | 'full' | 'measure']?: true | undefined;
};

/**
 * Separates files from options of Node. An argument after such an option that is no file is its value.
 * @throws UsageError when there are no test files at an argument
 */
export function chooseWhat(args: readonly string[], flags: Flags): Options {
  const nodeOptions: string[] = [];
  const files = new Set<string>();
  for (const argument of args) {
    const found = argument.startsWith('-') ? [] : filesOf(argument);
    const isValue = found.length === 0 && nodeOptions.at(-1)?.startsWith('--');
    if (argument.startsWith('-') || isValue) nodeOptions.push(argument);
    else if (found.length === 0) throw new UsageError(`There are no test files at ${argument}.`);
    for (const file of found) files.add(file);
  }
  const everything = files.size === 0;
  const { unit, integration, lint, checks } = flags;
  const isWanted = (file: string) => !lint && !checks && (INTEGRATION.test(file) ? !unit : !integration);
  return {
    files: [...(everything ? filesOf('.') : files)].filter(isWanted).sort(),
    nodeOptions,
    lint: everything && !integration,
    types: everything && !integration && !lint,
    everything,
    full: flags.full === true,
    measure: flags.measure === true,
  };
}
