// Usage: npm test -- [--unit | --integration] [files or options of node --test...]
import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PROJECTS = {
  'tsconfig.json': 'infra, certs, services, tests',
  'services/protocol/tsconfig.json': 'services/protocol, without Node or a browser',
  'services/client/tsconfig.json': 'services/client, without Node or a browser',
  'services/web/tsconfig.json': 'services/web, in a browser',
  'services/web/tsconfig.node.json': 'services/web, its build and tests',
};
const LEFTOVERS = path.join(import.meta.dirname, 'leftovers.mjs');
const SLOW = /\.(integration|browser)\.test\.tsx?$/;
const TEST = /\.test\.tsx?$/;
const SKIPPED_DIRECTORIES = /(^|\/)(node_modules|\.[^/]+)(\/|$)/;

let current: ReturnType<typeof spawn> | undefined;
let interrupted = false;

/** Runs the pinned Node, its output ours; resolves with true when it succeeded. */
function node(args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    current = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
    current.on('error', (error) => {
      console.error(error.message);
      resolve(false);
    });
    current.on('exit', (code) => resolve(code === 0));
  });
}

async function typecheck(): Promise<boolean> {
  const cache = path.join(ROOT, 'node_modules', '.cache', 'tsc');
  mkdirSync(cache, { recursive: true });
  const compiler = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  let passed = true;
  for (const [project, what] of Object.entries(PROJECTS)) {
    if (interrupted) return false;
    console.log(`types: ${what}`);
    const info = path.join(cache, `${project.replaceAll('/', '-')}.tsbuildinfo`);
    passed = (await node([compiler, '--noEmit', '--incremental', '--tsBuildInfoFile', info, '-p', project])) && passed;
  }
  return passed;
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

interface Wish {
  kinds: { unit: boolean; integration: boolean };
  files: string[];
  options: string[];
  everything: boolean;
}

/**
 * Tells files from options of the test runner; what follows an option and is no file is the option's value.
 */
function parse(args: readonly string[]): Wish {
  const wish: Wish = { kinds: { unit: true, integration: true }, files: [], options: [], everything: true };
  for (const argument of args) {
    if (argument === '--unit') wish.kinds = { unit: true, integration: false };
    else if (argument === '--integration') wish.kinds = { unit: false, integration: true };
    else if (argument.startsWith('-')) wish.options.push(argument);
    else {
      const files = filesOf(argument);
      const valueOfOption = files.length === 0 && wish.options.at(-1)?.startsWith('--');
      if (valueOfOption) wish.options.push(argument);
      else if (files.length === 0) {
        console.error(`There are no test files at ${argument}.`);
        process.exit(2);
      } else {
        wish.files.push(...files);
        wish.everything = false;
      }
    }
  }
  if (wish.everything) wish.files = filesOf('.');
  wish.files = [...new Set(wish.files)].sort();
  return wish;
}

async function run(what: string, files: readonly string[], options: readonly string[]): Promise<boolean> {
  if (files.length === 0 || interrupted) return !interrupted;
  console.log(`\n${what}: ${files.length} files`);
  return node(['--disable-warning=ExperimentalWarning', '--import', LEFTOVERS, '--test', ...options, ...files]);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true;
    current?.kill(signal);
  });
}

// Whoever launched us was killed and passes no signal on.
process.on('disconnect', () => {
  interrupted = true;
  current?.kill('SIGTERM');
});

const { kinds, files, options, everything } = parse(process.argv.slice(2));
const [unit, integration] = [files.filter((file) => !SLOW.test(file)), files.filter((file) => SLOW.test(file))];
let passed = everything && kinds.unit ? await typecheck() : true;
if (kinds.unit) {
  passed = (await run('unit and property tests', unit, ['--test-timeout=120000', ...options])) && passed;
}
if (kinds.integration) {
  // One after the other: each starts whole clusters, and measures what others on the machine would disturb.
  const serial = ['--test-timeout=300000', '--test-concurrency=1', ...options];
  passed = (await run('integration and browser tests', integration, serial)) && passed;
}
console.log(passed && !interrupted ? '\nall passed' : '\nFAILED');
process.exit(passed && !interrupted ? 0 : 1);
