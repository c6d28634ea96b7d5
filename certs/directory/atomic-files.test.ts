import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ensureChain, readChain } from '../index.ts';
import { contents, localNames, temporaryDirectory } from '../testing/fixtures.ts';
import { commit, recover } from './atomic-files.ts';
import { withLock } from './directory-lock.ts';

const file = (name: string, data: string) => ({ name, data, mode: 0o600 });

test('a commit replaces all its files and leaves nothing else behind', (t) => {
  const dir = temporaryDirectory(t);
  commit(dir, [file('a', '1'), file('b', '1')]);
  commit(dir, [file('b', '2'), file('c', '2')]);
  assert.deepEqual(contents(dir), { a: '1', b: '2', c: '2' });
});

test('a commit cut off before its point of no return leaves the old files', (t) => {
  const dir = temporaryDirectory(t);
  commit(dir, [file('a', 'old')]);
  mkdirSync(join(dir, '.staging'));
  writeFileSync(join(dir, '.staging', 'a'), 'ne');
  recover(dir);
  assert.deepEqual(contents(dir), { a: 'old' });
});

for (const moved of [0, 1, 2, 3, 4, 5]) {
  test(`a chain whose replacement was cut off after ${moved} of 5 moves is the new chain`, async (t) => {
    const dir = temporaryDirectory(t);
    const newer = temporaryDirectory(t);
    await ensureChain({ dir, ...localNames });
    const expected = await ensureChain({ dir: newer, ...localNames });
    const pending = join(dir, '.pending');
    cpSync(newer, pending, { recursive: true });
    for (const name of readdirSync(pending).slice(0, moved)) renameSync(join(pending, name), join(dir, name));

    const chain = await ensureChain({ dir, ...localNames });

    assert.deepEqual(chain.changed, []);
    const serials = (of: typeof chain) => of.certificates.map(({ serialNumber }) => serialNumber);
    assert.deepEqual(serials(chain), serials(expected));
    assert.deepEqual(contents(dir), contents(newer));
  });
}

test('tasks on one directory run one at a time, also after a task that failed', async (t) => {
  const dir = temporaryDirectory(t);
  const log: string[] = [];
  const work = (name: string, fails = false) =>
    withLock(dir, async () => {
      log.push(`${name} begins`);
      await new Promise(setImmediate);
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
    });
  const results = await Promise.allSettled([work('a'), work('b', true), work('c')]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(log, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  assert.deepEqual(readdirSync(dir), []);
});

function placeLock(t: TestContext, token: string): string {
  const dir = temporaryDirectory(t);
  mkdirSync(join(dir, 'lock'));
  writeFileSync(join(dir, 'lock', token), '');
  return dir;
}

const UUID = '6a2f41a3-c54c-fce8-32d2-0324e1c32e22';

test('a lock held for too long is reported with its holder and the fix', async (t) => {
  const dir = placeLock(t, `42@7@${UUID}@elsewhere`);
  await assert.rejects(ensureChain({ dir, ...localNames, lockTimeoutMs: 50 }), {
    code: 'locked',
    message: /^Process 42 on elsewhere has held .*lock for over 0\.05 s: wait .*, or remove that directory/,
  });
  assert.deepEqual(readdirSync(dir), ['lock']);
});

test('a lock is broken when its pid now belongs to another process', { skip: noProc() }, async (t) => {
  const dir = placeLock(t, `${process.pid}@1@${UUID}@${hostname()}`);
  const chain = await ensureChain({ dir, ...localNames });
  assert.equal(chain.changed.length, 3);
});

test('an empty lock directory is not a lock', async (t) => {
  const dir = temporaryDirectory(t);
  mkdirSync(join(dir, 'lock'));
  assert.equal((await ensureChain({ dir, ...localNames })).changed.length, 3);
});

test('a lock of unknown form is reported by its name', async (t) => {
  const dir = placeLock(t, 'something');
  await assert.rejects(ensureChain({ dir, ...localNames }), { code: 'locked', message: /remove .*lock\.$/ });
});

test('a chain is read without the lock', async (t) => {
  const from = temporaryDirectory(t);
  const made = await ensureChain({ dir: from, ...localNames });
  const dir = placeLock(t, `42@7@${UUID}@elsewhere`);
  for (const name of readdirSync(from)) copyFileSync(join(from, name), join(dir, name));
  assert.equal(readChain(dir).certificates.length, made.certificates.length);
});

function noProc(): string | false {
  return process.platform === 'linux' ? false : 'only Linux has /proc';
}
