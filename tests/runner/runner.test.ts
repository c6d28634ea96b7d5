import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { after, test } from 'node:test';
import { until } from '../kit/wait.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const scratch = mkdtempSync(path.join(tmpdir(), 'gridlock-runner-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly code: Promise<number | null>;
}

function begin(root: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Run {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (output += String(chunk)));
  // Not 'close', which a child whose channel we closed never emits.
  const closed = Promise.all([once(child, 'exit'), finished(child.stdout!), finished(child.stderr!)]);
  return { child, output: () => output, code: closed.then(([[code]]) => code as number | null) };
}

async function ended({ output, code }: Run) {
  return { code: await code, output: output() };
}

const beginTests = (args: readonly string[], env?: NodeJS.ProcessEnv) =>
  begin(ROOT, ['cli/main.ts', 'test', ...args], env);
const runTests = (args: readonly string[], env?: NodeJS.ProcessEnv) => ended(beginTests(args, env));

/** A test file with these lines after one test that passes. */
function testFile(name: string, ...lines: string[]): string {
  const file = path.join(scratch, name);
  writeFileSync(file, ["import { test } from 'node:test';", "test('passes', () => {});", ...lines, ''].join('\n'));
  return file;
}

const lastLine = (output: string) => output.trimEnd().split('\n').at(-1);

test('the last line counts what passed, failed and was skipped', async () => {
  const file = testFile(
    'counts.test.mjs',
    "test('fails', () => { throw new Error('on purpose'); });",
    "test('is skipped', { skip: true }, () => {});",
  );
  const { code, output } = await runTests([file, testFile('good.test.mjs')]);
  assert.equal(code, 1);
  assert.equal(lastLine(output), '2 passed, 1 failed, 1 skipped');
  assert.match(output, /on purpose/);
  assert.match(output, /^✖ .*counts\.test\.mjs\n {4}fails$/m);
});

test('a file that ends before its tests do fails', async () => {
  const { code, output } = await runTests([testFile('exits.test.mjs', 'process.exit(3);')]);
  assert.equal(code, 1);
  assert.match(lastLine(output)!, /, 1 failed, /);
});

test('options of Node reach the test files', async () => {
  const file = testFile('named.test.mjs', "test('other', () => { throw new Error('not chosen'); });");
  const { code, output } = await runTests([file, '--test-name-pattern', 'passes']);
  assert.equal(code, 0, output);
});

test('an argument without a test file is wrong usage', async () => {
  const { code, output } = await runTests(['nowhere']);
  assert.equal(code, 2);
  assert.match(output, /^There are no test files at nowhere\./);
});

test('a file that leaves something open is ended and fails', async () => {
  const file = testFile('leaves.test.mjs', 'setInterval(() => {}, 1000);');
  const { code, output } = await runTests([file], { GRIDLOCK_TEST_LEFTOVERS_MS: '200' });
  assert.equal(code, 1);
  assert.match(output, /leaves\.test\.mjs is still running 0\.2 s after its last test \(Timeout\)/);
});

test('a file that leaves a process behind fails, and the process is ended', async () => {
  const pidFile = path.join(scratch, 'pid');
  const file = testFile(
    'orphan.test.mjs',
    "import { spawn } from 'node:child_process'; import { writeFileSync } from 'node:fs';",
    `test('starts', () => {
      const child = spawn('sleep', ['600'], { stdio: 'ignore' });
      writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
      child.unref();
    });`,
  );
  const { code, output } = await runTests([file]);
  assert.equal(code, 1);
  assert.match(output, /left processes behind/);
  assert.ok(isGone(Number(readFileSync(pidFile, 'utf8'))));
});

test('a zombie that nobody waits for does not count as a process left behind', {
  skip: process.platform === 'linux' ? false : 'only Linux shows which processes are zombies',
}, async (context) => {
  const pidFile = path.join(scratch, 'parent');
  // The parent leaves the group and never waits for its child, which has ended, like the first process of a container.
  const file = testFile(
    'zombie.test.mjs',
    "import { spawn } from 'node:child_process'; import { once } from 'node:events';",
    `test('starts', async () => {
      const script = 'true & echo $$ > ${pidFile}; exec setsid sleep 600';
      const child = spawn('sh', ['-c', script], { stdio: 'ignore' });
      await once(child, 'spawn');
      child.unref();
    });`,
  );
  context.after(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL'));
  const { code, output } = await runTests([file]);
  assert.equal(code, 0, output);
});

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that nobody waits for stays as a zombie.
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

for (const [how, end] of [
  ['a signal', (child: ChildProcess) => child.kill('SIGINT')],
  ['the death of the launcher', (child: ChildProcess) => child.disconnect()],
] as const) {
  test(`${how} ends the run and what it started`, async () => {
    const pidFile = path.join(scratch, `pid of ${how}`);
    const file = testFile(
      'long.test.mjs',
      "import { writeFileSync } from 'node:fs';",
      `test('takes long', async () => {
        writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
        await new Promise((resolve) => setTimeout(resolve, 600_000));
      });`,
    );
    const { child, code, output } = beginTests([file]);
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '', 'the test runs', 30_000);
    end(child);
    assert.equal(await code, 1, output());
    assert.ok(isGone(Number(readFileSync(pidFile, 'utf8'))));
  });
}

/** A small project with the checks and the runner of this one. */
function project(name: string, sources: Record<string, string>): string {
  const root = path.join(scratch, name);
  mkdirSync(path.join(root, 'node_modules'), { recursive: true });
  for (const one of readdirSync(path.join(ROOT, 'node_modules')).filter((entry) => !entry.startsWith('.'))) {
    symlinkSync(path.join(ROOT, 'node_modules', one), path.join(root, 'node_modules', one));
  }
  // Without the types of Node and the runner, which only cost time here.
  const types = {
    compilerOptions: { types: [], lib: ['ES2024'], noEmit: true },
    include: ['infra', 'services', 'certs'],
  };
  writeFileSync(
    path.join(root, 'tsconfig.json'),
    JSON.stringify({ extends: path.join(ROOT, 'tsconfig.json'), ...types }),
  );
  // Files that Git ignores are not checked.
  writeFileSync(path.join(root, '.gitignore'), 'node_modules\ntsconfig.json\n');
  for (const file of ['package.json', 'biome.json', '.dependency-cruiser.mjs']) {
    cpSync(path.join(ROOT, file), path.join(root, file));
  }
  // The files that the runner imports from elsewhere.
  for (const file of ['infra/usage-error.ts', 'infra/setup/process-identity.mjs']) {
    cpSync(path.join(ROOT, file), path.join(root, file));
  }
  cpSync(import.meta.dirname, path.join(root, 'tests/runner'), {
    recursive: true,
    filter: (file) => !file.endsWith('.test.ts'),
  });
  for (const [file, text] of Object.entries(sources)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  return root;
}

/** Runs the checks of a project by its own copy of the runner. */
const check = (root: string) =>
  ended(
    begin(root, [
      '--input-type=module',
      '--eval',
      `import { chooseWhat } from './tests/runner/options.ts';
       import { runTests } from './tests/runner/run.ts';
       process.exitCode = (await runTests(chooseWhat([], { checks: true }))) ? 0 : 1;`,
    ]),
  );

const TWO = 'export const two = 2;\n';
const TIDY = 'export const one = 1;\n';

test('sources without a fault pass the checks', async () => {
  const { code, output } = await check(project('tidy', { 'services/protocol/one.ts': TIDY }));
  assert.equal(code, 0, output);
  assert.match(lastLine(output)!, /^3 passed, 0 failed, 0 skipped$/);
});

interface Fault {
  sources: Record<string, string>;
  says: RegExp[];
  counts: string;
}
const PROSE = path.join(ROOT, 'tests/prose');
const FAULTS: Record<string, Fault> = {
  'a phrase that is not plain English': {
    sources: {
      'infra/one.ts': `// Made ${'anew'}.\n${TIDY}`,
      ...Object.fromEntries(
        readdirSync(PROSE)
          .filter((file) => !file.endsWith('.test.ts'))
          .map((file) => [`tests/prose/${file}`, readFileSync(path.join(PROSE, file), 'utf8')]),
      ),
    },
    says: [/infra\/one\.ts:1: "anew": write "again"/],
    counts: '3 passed, 1 failed, 0 skipped',
  },
  'an unformatted file': {
    sources: { 'services/server/one.ts': 'export const one   = 1\n' },
    says: [/services\/server\/one\.ts format/],
    counts: '2 passed, 1 failed, 0 skipped',
  },
  'a fault that the linter or the compiler knows': {
    sources: { 'services/server/one.ts': "debugger;\nexport const one: number = 'one';\n" },
    says: [/noDebugger/, /TS2322/],
    counts: '1 passed, 2 failed, 0 skipped',
  },
  'a cycle of imports': {
    sources: {
      'infra/one.ts': "import { two } from './two.ts';\n\nexport const one = (): number => two();\n",
      'infra/two.ts': "import { one } from './one.ts';\n\nexport const two = (): number => one();\n",
    },
    says: [/no-circular: infra\/one\.ts/],
    counts: '2 passed, 1 failed, 0 skipped',
  },
  'an import against the layers': {
    sources: {
      'services/server/one.ts': "import { two } from '../../infra/two.ts';\n\nexport const one = two;\n",
      'services/protocol/one.ts': "import { two } from '../server/two.ts';\n\nexport const one = two;\n",
      'certs/one.ts': "import { two } from '../tests/kit/two.ts';\n\nexport const one = two;\n",
      ...Object.fromEntries(['infra', 'services/server', 'tests/kit'].map((place) => [`${place}/two.ts`, TWO])),
    },
    says: [
      /services-never-infra: services\/server\/one\.ts/,
      /protocol-stands-alone: services\/protocol\/one\.ts/,
      /tests-are-leaves: certs\/one\.ts/,
    ],
    counts: '2 passed, 1 failed, 0 skipped',
  },
};
for (const [fault, { sources, says, counts }] of Object.entries(FAULTS)) {
  test(`${fault} fails the checks`, async () => {
    const { code, output } = await check(project(fault.replaceAll(' ', '-'), sources));
    assert.equal(code, 1, output);
    for (const message of says) assert.match(output, message);
    assert.equal(lastLine(output), counts, output);
  });
}
