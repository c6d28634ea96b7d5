import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { withLock } from './lock.mjs';

/** A checkout whose lock holds this text about its holder. */
function locked(t: TestContext, holder: string) {
  const root = mkdtempSync(path.join(os.tmpdir(), 'gridlock-lock-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const lock = path.join(root, '.tools', 'setup.lock');
  mkdirSync(lock, { recursive: true });
  writeFileSync(path.join(lock, 'pid'), holder);
  return { root, lock };
}

test('a lock whose holder could not write its pid, as on a full disk, is taken over', async (t) => {
  const { root, lock } = locked(t, '');
  const anHourAgo = new Date(Date.now() - 3_600_000);
  for (const file of [path.join(lock, 'pid'), lock]) utimesSync(file, anHourAgo, anHourAgo);
  assert.equal(await withLock(root, async () => 'done'), 'done');
});

test('a lock whose holder died is taken over, also when its pid is that of another process by now', async (t) => {
  for (const holder of [String(2 ** 22 + 1), `${process.ppid} 1`]) {
    assert.equal(await withLock(locked(t, holder).root, async () => 'done'), 'done', holder);
  }
});

test('a lock is held against another set-up until the work is done', async (t) => {
  const { root } = locked(t, String(2 ** 22 + 1));
  const order: string[] = [];
  let second: Promise<void> | undefined;
  await withLock(root, async () => {
    second = withLock(root, async () => void order.push('second'));
    // Longer than the second one waits between two checks.
    await new Promise((resolve) => setTimeout(resolve, 300));
    order.push('first');
  });
  await second;
  assert.deepEqual(order, ['first', 'second']);
});
