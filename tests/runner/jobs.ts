// What a run consists of: checks of the source, and test files. Each is a process with an estimate of what it takes.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { INTEGRATION, type Options, ROOT } from './options.ts';

export interface Estimate {
  /** Wall time in seconds when it runs alone. */
  readonly seconds: number;
  /** How many cores it keeps busy meanwhile. */
  readonly cores: number;
}

export interface Job extends Estimate {
  readonly name: string;
  readonly kind: 'check' | 'tests';
  /** Arguments of Node. */
  readonly args: readonly string[];
  /** Nothing else may run meanwhile. */
  readonly alone: boolean;
}

const DURATIONS = path.join(import.meta.dirname, 'durations.json');
const LEFTOVERS = path.join(import.meta.dirname, 'leftovers.mjs');
/** A line in a test file: it measures what others on the machine would disturb. */
const ALONE = /^\/\/ Runs alone:/m;

/** The estimates by file name, so that a file may move; files that take little are not listed. */
export const readDurations = (): Record<string, readonly [seconds: number, cores: number]> =>
  existsSync(DURATIONS) ? JSON.parse(readFileSync(DURATIONS, 'utf8')) : {};

interface Measured {
  readonly job: Job;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Keeps what was measured; measure on a quiet machine. Files that were not measured keep their line. */
export function writeDurations(measured: readonly Measured[]): void {
  const durations = new Map(Object.entries(readDurations()));
  for (const { job, seconds, cpuSeconds } of measured.filter(({ job: { kind } }) => kind === 'tests')) {
    const name = path.basename(job.name);
    durations.delete(name);
    if (seconds > 1.5) durations.set(name, [Math.round(seconds), Math.round((10 * cpuSeconds) / seconds) / 10]);
  }
  const lines = [...durations]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, row]) => `  "${name}": [${row.join(', ')}]`);
  writeFileSync(DURATIONS, `{\n${lines.join(',\n')}\n}\n`);
}

const SMALL: Estimate = { seconds: 2, cores: 0.7 };
const LARGE: Estimate = { seconds: 15, cores: 0.5 };

/** Of one test; in full they take longer. */
const TIMEOUT_MS = { unit: 120_000, integration: 300_000, full: 30 * 60_000 };

export function testJobs({ files, nodeOptions, full }: Pick<Options, 'files' | 'nodeOptions' | 'full'>): Job[] {
  const durations = readDurations();
  return files.map((file) => {
    const integration = INTEGRATION.test(file);
    const known = durations[path.basename(file)];
    return {
      ...(known ? { seconds: known[0], cores: known[1] } : integration ? LARGE : SMALL),
      name: file,
      kind: 'tests',
      alone: ALONE.test(readFileSync(path.join(ROOT, file), 'utf8')),
      args: [
        '--disable-warning=ExperimentalWarning',
        '--import',
        LEFTOVERS,
        `--test-timeout=${TIMEOUT_MS[full ? 'full' : integration ? 'integration' : 'unit']}`,
        ...nodeOptions,
        file,
      ],
    };
  });
}

const TYPES = {
  'tsconfig.json': 'infra, certs, services, loadtest, tests, examples',
  'infra/package/tsconfig.json': 'the package of the components, as it is compiled',
  'services/protocol/tsconfig.json': 'services/protocol, without Node or a browser',
  'services/client/tsconfig.json': 'services/client, without Node or a browser',
  'services/web/tsconfig.json': 'services/web, in a browser',
  'loadtest/report/view/tsconfig.json': 'the charts of load reports, in a browser',
  'services/web/tsconfig.node.json': 'services/web, its build and tests',
};
/** Where code is; some of them may not exist in a checkout. */
const CODE = ['infra', 'services', 'certs', 'loadtest', 'tests', 'cli', 'examples'];

const PROSE = 'tests/prose/main.ts';

/** Biome colours what it writes into a pipe, too. */
const PLAIN = process.stdout.isTTY ? [] : ['--colors=off'];

const packageFile = (...parts: string[]) => path.join(ROOT, 'node_modules', ...parts);

export function lintJobs(): Job[] {
  const check = (name: string, seconds: number, args: string[]): Job => ({
    ...{ name, seconds, args, kind: 'check', cores: 1, alone: false },
  });
  const exists = (place: string) => existsSync(path.join(ROOT, place));
  return [
    check('lint and format', 3, [packageFile('@biomejs/biome/bin/biome'), 'ci', '.', '--max-diagnostics=50', ...PLAIN]),
    check('import rules', 6, [
      packageFile('dependency-cruiser/bin/dependency-cruiser.mjs'),
      ...['--config', '.dependency-cruiser.mjs', '--output-type', 'err'],
      ...CODE.filter(exists),
    ]),
    ...(exists(PROSE) ? [check('plain English', 3, ['--disable-warning=ExperimentalWarning', PROSE])] : []),
  ];
}

export function typeJobs(): Job[] {
  const cache = packageFile('.cache', 'tsc');
  mkdirSync(cache, { recursive: true });
  const compiler = packageFile('typescript', 'bin', 'tsc');
  const projects = Object.entries(TYPES).filter(([project]) => existsSync(path.join(ROOT, project)));
  return projects.map(([project, what]) => {
    const info = path.join(cache, `${project.replaceAll('/', '-')}.tsbuildinfo`);
    const args = [compiler, '--noEmit', '--incremental', '--tsBuildInfoFile', info, '-p', project];
    const seconds = project === 'tsconfig.json' ? 12 : 3;
    return { name: `types: ${what}`, kind: 'check', args, seconds, cores: 1, alone: false };
  });
}
