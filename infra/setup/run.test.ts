import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { begin, checkout, NODE, only, programs, ROOT, run, script, temporary } from './testing.ts';

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
shift; shift
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
  const lock = '-o DPkg::Lock::Timeout=900';
  assert.deepEqual(readFileSync(log, 'utf8').trim().split('\n'), [
    `${lock} install -y -q --no-install-recommends haproxy noninteractive`,
    `${lock} update -q noninteractive`,
    `${lock} install -y -q --no-install-recommends haproxy noninteractive`,
  ]);
});

test('an unknown profile is refused with the usage', async () => {
  const { code, stderr } = await run(ROOT, ['begin']);
  assert.equal(code, 2);
  assert.match(stderr, /^Usage: .*start\|cluster\|test\|load\|all/);
});

test('a script runs on the pinned Node with its arguments, and its exit code is passed on', async () => {
  const file = script('exit.mjs', 'console.log(process.version, process.argv.slice(2).join()); process.exit(7);');
  const { code, stdout } = await run(ROOT, ['start', file, '--a', 'b']);
  assert.equal(code, 7);
  assert.match(stdout, /^v24\.\S+ --a,b\n$/);
});

test('a script ended by a signal gives 128 plus its number', async () => {
  const file = script('signal.mjs', 'process.kill(process.pid, "SIGKILL");');
  assert.equal((await run(ROOT, ['start', file])).code, 137);
});

test('a closed terminal, which ends npm and signals its child, counts as one request', async () => {
  const file = script(
    'hangup.mjs',
    `
    const note = (signal) => process.stdout.write(signal + '\\n');
    for (const signal of ['SIGHUP', 'SIGTERM']) process.on(signal, () => note(signal));
    // Long enough for the launcher to find that npm is gone.
    process.once('SIGHUP', () => setTimeout(() => process.exit(0), 2500));
    note('here ' + process.ppid);
    setInterval(() => {}, 1000);`,
  );
  const launcher = path.join(ROOT, 'infra/setup/run.mjs');
  const npm = spawn('sh', ['-c', `"${NODE}" "${launcher}" start "${file}" & wait`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, npm_lifecycle_event: 'start' },
  });
  let output = '';
  npm.stdout.on('data', (chunk) => (output += String(chunk)));
  const closed = once(npm, 'close');
  while (!output.includes('\n')) await sleep(10);
  process.kill(Number(/here (\d+)/.exec(output)?.[1]), 'SIGHUP');
  // The launcher checks for npm now and then. When it is held up, it could find npm gone before it gets the signal.
  while (!output.includes('SIGHUP')) await sleep(10);
  npm.kill('SIGKILL');
  await closed;
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

test('a signal that comes twice at once is passed on once, and again when it comes later', async () => {
  // The launcher uses a clock that stands still until it is set, so two signals count as simultaneous however late they
  // come.
  const clock = script('clock', '1000');
  const preload = script(
    'clock.mjs',
    `import { readFileSync } from 'node:fs'; Date.now = () => Number(readFileSync('${clock}', 'utf8'));`,
  );
  const file = script(
    'count.mjs',
    `
    let count = 0;
    process.on('SIGINT', () => { console.log('signal', ++count); if (count === 2) process.exit(0); });
    console.log('here');
    setInterval(() => {}, 1000);`,
  );
  const { child, output, ended } = begin(ROOT, ['start', file], { NODE_OPTIONS: `--import=${preload}` });
  const seen = async (text: string) => {
    while (!output.stdout.includes(text)) await sleep(10);
  };
  await seen('here');
  child.kill('SIGINT');
  child.kill('SIGINT');
  await seen('signal 1');
  await sleep(400);
  assert.ok(!output.stdout.includes('signal 2'));
  writeFileSync(clock, '2000');
  child.kill('SIGINT');
  assert.equal((await ended).code, 0);
});
