import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { processStart } from '../setup/process-identity.mjs';
import { PreflightError } from './errors.ts';
import {
  claimStateDir,
  endLeftovers,
  ensureSecret,
  recordChildren,
  releaseStateDir,
  requireOurs,
  runningOwner,
} from './state-dir.ts';
import { type StatePaths, statePaths } from './state-paths.ts';

let paths: StatePaths;
beforeEach(() => {
  paths = statePaths(mkdtempSync(path.join(os.tmpdir(), 'gridlock-')));
});
afterEach(() => rmSync(paths.root, { recursive: true, force: true }));

const owner = (pid: number, start: string | undefined) => {
  claimStateDir(paths, 'https://a');
  writeFileSync(paths.owner, JSON.stringify({ pid, start, url: 'https://b' }));
};

test('a claimed directory is owned by this process until it is released', () => {
  claimStateDir(paths, 'https://localhost:8443');
  assert.equal(runningOwner(paths)?.pid, process.pid);
  releaseStateDir(paths);
  assert.equal(runningOwner(paths), undefined);
});

test('a directory whose owner runs is refused', () => {
  owner(process.ppid, processStart(process.ppid));
  assert.throws(
    () => claimStateDir(paths, 'https://c'),
    (error) => {
      assert.ok(error instanceof PreflightError);
      assert.match(error.message, new RegExp(`pid ${process.ppid}, https://b`));
      return true;
    },
  );
});

test('a directory whose owner died is taken over, also when its pid was given to another process', () => {
  for (const start of ['some other time', undefined]) {
    owner(process.ppid, start);
    claimStateDir(paths, 'https://c');
    assert.equal(runningOwner(paths)?.pid, process.pid);
    releaseStateDir(paths);
  }
});

test("a damaged owner's file does not lock the directory forever", () => {
  for (const damaged of ['', '{', '{}', 'null', '[]', '7', '{"pid":"one"}', `{"pid":${process.ppid}}`]) {
    claimStateDir(paths, 'https://a');
    writeFileSync(paths.owner, damaged);
    claimStateDir(paths, 'https://a');
    assert.equal(runningOwner(paths)?.pid, process.pid, damaged);
    releaseStateDir(paths);
  }
});

test('a damaged record of processes does not prevent the next start', async () => {
  claimStateDir(paths, 'https://a');
  for (const damaged of ['', '{', '{}', 'null', '[null, 7, {}]', `[{"name":"ws1","pid":${process.ppid}}]`]) {
    writeFileSync(paths.children, damaged);
    assert.deepEqual(await endLeftovers(paths), [], damaged);
  }
});

test('a directory with other content is refused; a state directory or a new one is claimed', () => {
  requireOurs(statePaths(path.join(paths.root, 'new')));
  requireOurs(paths);
  writeFileSync(path.join(paths.root, 'letter'), '');
  assert.throws(() => requireOurs(paths), /is no state directory, as it holds letter: .* --state-dir\.$/);
  claimStateDir(paths, 'https://a');
  ensureSecret(paths.tokenSecret);
  requireOurs(paths);
});

test('a full disk is reported in a sentence, and leaves no half-written file', () => {
  mkdirSync(paths.run);
  symlinkSync('/dev/full', `${paths.owner}.${process.pid}.${process.pid}.tmp`);
  assert.throws(() => claimStateDir(paths, 'https://a'), /cannot be used \(ENOSPC.*\): .* --state-dir\.$/);
  assert.deepEqual(readdirSync(paths.run), []);
});

test('leftovers are ended with their group, and a process that only has the pid of one is left alone', async () => {
  claimStateDir(paths, 'https://a');
  const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  const exited = once(child, 'exit');
  recordChildren(paths, [
    { name: 'ours', pid: child.pid!, start: processStart(child.pid!)! },
    { name: 'theirs', pid: process.pid, start: 'some other time' },
  ]);
  assert.deepEqual(await endLeftovers(paths), ['ours']);
  assert.equal((await exited)[1], 'SIGKILL');
  assert.ok(!existsSync(paths.children));
});

test('a secret is made once, long, and readable by its owner only', () => {
  claimStateDir(paths, 'https://a');
  const secret = ensureSecret(paths.tokenSecret);
  assert.match(secret, /^[0-9a-f]{64}$/);
  assert.equal(ensureSecret(paths.tokenSecret), secret);
  assert.equal(readFileSync(paths.tokenSecret, 'utf8'), secret);
  assert.equal(statSync(paths.tokenSecret).mode & 0o777, 0o600);
});

test('a secret whose file is empty after a power cut is made again, and any other secret is kept', () => {
  mkdirSync(paths.run, { recursive: true });
  const made = ensureSecret(paths.tokenSecret);
  assert.match(made, /^[0-9a-f]{64}$/);
  assert.equal(ensureSecret(paths.tokenSecret), made);
  writeFileSync(paths.tokenSecret, '');
  const again = ensureSecret(paths.tokenSecret);
  assert.match(again, /^[0-9a-f]{64}$/);
  assert.equal(readFileSync(paths.tokenSecret, 'utf8').trim(), again);
});
