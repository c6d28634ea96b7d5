import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { processStart } from '../setup/process-identity.mjs';
import { SupervisedProcess } from './supervised-process.ts';
import { waitFor } from './wait.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-process-'));
after(() => rmSync(directory, { recursive: true, force: true }));

let count = 0;
function supervise(script: string, restart: (ends: number) => boolean = () => false) {
  const ends: { reason: string; delayMs: number }[] = [];
  const child = new SupervisedProcess(
    {
      name: 'child',
      command: 'sh',
      args: ['-c', script],
      cwd: directory,
      logFile: path.join(directory, `${count++}.log`),
    },
    {
      changed: () => undefined,
      restarted: () => undefined,
      ended: (_, reason, delayMs) => {
        ends.push({ reason, delayMs });
        return restart(ends.length);
      },
    },
  );
  child.start();
  const ended = (number: number) =>
    waitFor(async () => ends[number - 1], { what: `end ${number}`, timeoutMs: 30_000, intervalMs: 5 });
  return { child, ends, ended };
}

test('the reason names exit code and last log line, of JSON its message', async () => {
  const { ended } = supervise('echo first; echo \'{"level":60,"msg":"no Redis"}\'; exit 3');
  assert.equal((await ended(1)).reason, 'ended with exit code 3; its last log line: no Redis');
});

test('the reason names the signal', async () => {
  const { ended } = supervise('kill -9 $$');
  assert.equal((await ended(1)).reason, 'was ended by SIGKILL');
});

test('a program that does not exist ends with a reason, not with a crash', async () => {
  const ends: string[] = [];
  const child = new SupervisedProcess(
    {
      name: 'none',
      command: '/nonexistent',
      args: [],
      cwd: directory,
      logFile: path.join(directory, 'none.log'),
    },
    {
      changed: () => undefined,
      restarted: () => undefined,
      ended: (_, reason) => {
        ends.push(reason);
        return false;
      },
    },
  );
  child.start();
  assert.match(
    await waitFor(async () => ends[0], { what: 'the end', timeoutMs: 30_000 }),
    /could not be started .*ENOENT/,
  );
});

test('a process runs even if its log cannot be opened', async () => {
  const marker = path.join(directory, 'ran');
  const child = new SupervisedProcess(
    {
      name: 'child',
      command: 'sh',
      args: ['-c', `echo; : > ${marker}`],
      cwd: directory,
      logFile: path.join(directory, 'none', 'child.log'),
    },
    { changed: () => undefined, restarted: () => undefined, ended: () => false },
  );
  child.start();
  await waitFor(async () => existsSync(marker) || undefined, { what: 'its mark', timeoutMs: 30_000 });
});

test('restarts back off exponentially', async () => {
  const { child, ends, ended } = supervise('exit 1', (number) => number < 3);
  await ended(3);
  assert.deepEqual(
    ends.map(({ delayMs }) => delayMs),
    [200, 400, 800],
  );
  assert.equal(child.restarts, 2);
});

test('the other processes of its group end with a process', async () => {
  const { ended } = supervise('sleep 60 & echo $!; exit 1');
  const pid = Number((await ended(1)).reason.split(': ')[1]);
  await waitFor(async () => processStart(pid) === undefined || undefined, {
    what: 'its child to end',
    timeoutMs: 30_000,
  });
});

test('a stopped process is not restarted, and is killed if it ignores the signal', async () => {
  const { child, ends } = supervise('trap "" TERM; echo on; while :; do sleep 0.05; done', () => true);
  const pid = child.pid!;
  await child.stop([{ signal: 'SIGTERM', graceMs: 200 }]);
  assert.equal(processStart(pid), undefined);
  assert.deepEqual(ends, []);
});
