import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const temporary = mkdtempSync(path.join(os.tmpdir(), 'gridlock-setup-'));
after(() => rmSync(temporary, { recursive: true, force: true }));

const ROOT = path.resolve(import.meta.dirname, '../..');
const NODE = process.execPath;

function begin(root: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(NODE, [path.join(root, 'infra/setup/run.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }));
  return { child, output, ended };
}
const run = (root: string, args: readonly string[], env?: NodeJS.ProcessEnv) => begin(root, args, env).ended;

/** A checkout with the set-up and a lockfile that asks for nothing. */
function checkout(): string {
  const root = mkdtempSync(path.join(temporary, 'checkout-'));
  cpSync(import.meta.dirname, path.join(root, 'infra/setup'), { recursive: true });
  writeLockfile(root, '1.0.0');
  return root;
}

function writeLockfile(root: string, version: string): void {
  const manifest = { name: 'checkout', version };
  writeFileSync(path.join(root, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    path.join(root, 'package-lock.json'),
    JSON.stringify({ ...manifest, lockfileVersion: 3, packages: { '': manifest } }),
  );
}

/** A directory of programs, for a PATH that holds nothing else but what these scripts need. */
function programs(scripts: Record<string, string>): string {
  const directory = mkdtempSync(path.join(temporary, 'bin-'));
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(path.join(directory, name), `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(directory, name), 0o755);
  }
  for (const name of ['sh', 'cat', 'chmod', 'touch']) symlinkSync(`/bin/${name}`, path.join(directory, name));
  return directory;
}
const only = (directory: string) => ({ PATH: directory, GRIDLOCK_PATH_ONLY: '1' });
const parts = { haproxy: 'exit 0', 'redis-server': 'exit 0' };

const script = (name: string, text: string): string => {
  const file = path.join(temporary, name);
  writeFileSync(file, text);
  return file;
};

test('npm packages are installed once, and again only when the lockfile changed', async () => {
  const root = checkout();
  const first = await run(root, ['start']);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /^set-up: installing npm packages/);
  assert.deepEqual(await run(root, ['start']), { code: 0, stdout: '', stderr: '' });
  writeLockfile(root, '1.0.1');
  assert.match((await run(root, ['start'])).stderr, /installing npm packages/);
});

test('two set-ups at once install once, and neither leaves its lock', async () => {
  const root = checkout();
  const both = await Promise.all([run(root, ['start']), run(root, ['start'])]);
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
  );
  const installs = both.filter(({ stderr }) => stderr.includes('installing npm packages'));
  assert.equal(installs.length, 1);
  assert.deepEqual(readdirSync(path.join(root, '.tools')), []);
});

test('a lock left by a set-up that was killed is taken over', async () => {
  const root = checkout();
  mkdirSync(path.join(root, '.tools/setup.lock'), { recursive: true });
  writeFileSync(path.join(root, '.tools/setup.lock/pid'), '999999999');
  assert.equal((await run(root, ['start'])).code, 0);
});

test('missing system parts that cannot be installed are named with the command, exit code 2', async () => {
  const root = checkout();
  await run(root, ['start']);
  const { code, stderr } = await run(root, ['start'], only(programs({ 'redis-server': 'exit 0' })));
  assert.equal(code, 2);
  assert.match(stderr, /^Missing: haproxy\. Run this once, then start again:\n {2}install haproxy/);
});

test('on Debian missing parts are installed by root, and for others the command is printed', async () => {
  const root = checkout();
  await run(root, ['start']);
  const log = path.join(temporary, 'apt.log');
  const bin = programs({
    'redis-server': 'exit 0',
    // Fails until the package lists have been fetched, as on a fresh image.
    'apt-get': `echo "$* $DEBIAN_FRONTEND" >> ${log}
case "$1" in update) touch ${log}.lists;; install) [ -f ${log}.lists ] || exit 100
printf '#!/bin/sh\\n' > "\${0%/*}/haproxy"; chmod 755 "\${0%/*}/haproxy";; esac`,
  });
  const { code, stderr } = await run(root, ['start'], only(bin));
  if (process.getuid?.() !== 0) {
    assert.equal(code, 2);
    assert.match(stderr, /sudo apt-get install -y --no-install-recommends haproxy$/m);
    return;
  }
  assert.equal(code, 0, stderr);
  assert.deepEqual(readFileSync(log, 'utf8').trim().split('\n'), [
    'install -y -qq --no-install-recommends haproxy noninteractive',
    'update -qq noninteractive',
    'install -y -qq --no-install-recommends haproxy noninteractive',
  ]);
});

test('a pinned tool is got where its language is, into the checkout, once', async () => {
  const root = checkout();
  await run(root, ['start']);
  const bin = programs({ ...parts, go: 'echo "$*" >> "$GOBIN/log"; touch "$GOBIN/k6"' });
  const first = await run(root, ['load'], only(bin));
  assert.match(first.stderr, /^set-up: installing k6 v1\.8\.1$/m);
  assert.deepEqual(await run(root, ['load'], only(bin)), { code: 0, stdout: '', stderr: '' });
  assert.equal(readFileSync(path.join(root, '.tools/bin/log'), 'utf8'), 'install go.k6.io/k6@v1.8.1\n');
});

test('a tool whose language is missing is skipped by name, with what needs it and how to get it', async () => {
  const root = checkout();
  await run(root, ['start']);
  const { code, stderr } = await run(root, ['load'], only(programs(parts)));
  assert.equal(code, 0);
  assert.match(
    stderr,
    /skipping k6, and with it the load runs; to get it, install Go, then: node infra\/setup\/run\.mjs load/,
  );
  assert.ok(!existsSync(path.join(root, '.tools/bin/k6')));
});

test('an unknown profile is refused with the usage', async () => {
  const { code, stderr } = await run(ROOT, ['begin']);
  assert.equal(code, 2);
  assert.match(stderr, /^Usage: .*start\|test\|load\|all/);
});

test('a script runs on the pinned Node with its arguments, and its exit code is passed on', async () => {
  const file = script(
    'exit.mjs',
    'console.log(process.version, process.argv.slice(2).join()); process.exit(7);',
  );
  const { code, stdout } = await run(ROOT, ['start', file, '--a', 'b']);
  assert.equal(code, 7);
  assert.match(stdout, /^v24\.\S+ --a,b\n$/);
});

test('a script ended by a signal gives 128 plus its number', async () => {
  const file = script('signal.mjs', 'process.kill(process.pid, "SIGKILL");');
  assert.equal((await run(ROOT, ['start', file])).code, 137);
});

test('a closed terminal, which ends npm and signals its child, is one wish', async () => {
  const file = script(
    'hangup.mjs',
    `
    const note = (signal) => process.stdout.write(signal + '\\n');
    for (const signal of ['SIGHUP', 'SIGTERM']) process.on(signal, () => note(signal));
    note('here ' + process.ppid);
    setTimeout(() => process.exit(0), 2500);`,
  );
  const launcher = path.join(ROOT, 'infra/setup/run.mjs');
  const npm = spawn('sh', ['-c', `"${NODE}" "${launcher}" start "${file}" & wait`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, npm_lifecycle_event: 'start' },
  });
  let output = '';
  npm.stdout.on('data', (chunk) => (output += String(chunk)));
  while (!output.includes('\n')) await sleep(10);
  npm.kill('SIGKILL');
  process.kill(Number(/here (\d+)/.exec(output)?.[1]), 'SIGHUP');
  await once(npm, 'close');
  assert.deepEqual(output.trim().split('\n').slice(1), ['SIGHUP']);
});

test('a program is found under its full path where PATH is relative', async () => {
  const directory = programs({ found: 'exit 0' });
  const url = JSON.stringify(path.join(ROOT, 'infra/setup/binaries.mjs'));
  const file = script('find.mjs', `console.log((await import(${url})).findBinary('found'));`);
  const child = spawn(NODE, [file], { cwd: temporary, env: { PATH: path.basename(directory) } });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(String(line).trim(), path.join(directory, 'found'));
});

test('npm is asked for every kind of package, whatever NODE_ENV leaves out', async () => {
  const log = path.join(temporary, 'npm.log');
  const bin = programs({ ...parts, npm: `echo "$*" > ${log}; exit 1` });
  const env = { ...only(bin), NODE_ENV: 'production', npm_execpath: '' };
  assert.equal((await run(checkout(), ['start'], env)).code, 2);
  assert.match(readFileSync(log, 'utf8'), /^ci .*--include=dev --include=optional$/m);
});

test('a signal that comes twice at once is passed on once, and again when it comes later', async () => {
  const file = script(
    'count.mjs',
    `
    let count = 0;
    process.on('SIGINT', () => { console.log('signal', ++count); if (count === 2) process.exit(0); });
    console.log('here');
    setInterval(() => {}, 1000);`,
  );
  const { child, output, ended } = begin(ROOT, ['start', file]);
  const seen = async (text: string) => {
    while (!output.stdout.includes(text)) await sleep(10);
  };
  await seen('here');
  child.kill('SIGINT');
  child.kill('SIGINT');
  await seen('signal 1');
  await sleep(400);
  assert.ok(!output.stdout.includes('signal 2'));
  child.kill('SIGINT');
  assert.equal((await ended).code, 0);
});
