import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { after, before, test } from 'node:test';
import { statePaths } from '../../infra/local/state-paths.ts';
import { until } from '../../tests/kit/wait.ts';

const MAIN = path.resolve(import.meta.dirname, '../main.ts');
const stateDir = mkdtempSync(path.join(os.tmpdir(), 'gridlock-logs-'));
const { logs } = statePaths(stateDir);
after(() => rmSync(stateDir, { recursive: true, force: true }));

const lines = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name} ${index + 1}\n`).join('');

before(() => {
  mkdirSync(logs, { recursive: true });
  for (const name of ['ws1', 'redis']) writeFileSync(path.join(logs, `${name}.log`), lines(name, 60));
});

/** Runs the command as the launcher does, with a channel to it. */
function begin(directory: string, ...args: string[]) {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, 'logs', '--state-dir', directory, ...args],
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.on('data', (chunk) => (written[name] += String(chunk)));
  const end = Promise.all([once(child, 'exit'), finished(child.stdout!), finished(child.stderr!)]);
  return { child, written, ended: end.then(([[code]]) => ({ code: code as number | null, ...written })) };
}

const run = (directory: string, ...args: string[]) => begin(directory, ...args).ended;

test('the last fifty lines of every log are shown, and the command ends', async () => {
  const { code, stdout, stderr } = await run(stateDir);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /==> .*redis\.log <==\nredis 11\n.*redis 60\n\n==> .*ws1\.log <==\nws1 11\n.*ws1 60\n$/s);
});

test('names choose the logs, and --lines or -n how much of each', async () => {
  assert.deepEqual(await run(stateDir, 'ws1', '--lines', '2'), { code: 0, stdout: 'ws1 59\nws1 60\n', stderr: '' });
  assert.deepEqual(await run(stateDir, '-n', '1', 'redis'), { code: 0, stdout: 'redis 60\n', stderr: '' });
});

for (const [how, end] of [
  ['a signal', (child) => child.kill('SIGINT')],
  ['the death of the launcher', (child) => child.disconnect()],
] as [string, (child: ReturnType<typeof begin>['child']) => void][]) {
  test(`with --follow what is written later is shown, until ${how}`, async () => {
    const { child, written, ended } = begin(stateDir, 'ws1', '--follow', '-n', '0');
    // tail says nothing when it begins to follow.
    await until(() => {
      appendFileSync(path.join(logs, 'ws1.log'), 'later\n');
      return written.stdout.includes('later\n');
    }, 'the line is shown');
    end(child);
    assert.equal((await ended).code, 0);
  });
}

test('an unknown log is refused with a list of the logs, and so is a directory without logs', async () => {
  assert.deepEqual(await run(stateDir, 'ws9'), {
    code: 2,
    stdout: '',
    stderr: 'There is no log of ws9; there is redis, ws1.\n',
  });
  const empty = path.join(stateDir, 'empty');
  const { code, stderr } = await run(empty);
  assert.deepEqual(
    [code, stderr],
    [2, `There are no logs in ${path.join(empty, 'logs')}: gridlock start writes them.\n`],
  );
});
