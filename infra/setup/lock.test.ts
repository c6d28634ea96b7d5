import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { withLock } from './lock.mjs';

test('a lock whose holder could not write who it is, as on a full disk, is taken over', async (t) => {
  const root = mkdtempSync(path.join(os.tmpdir(), 'gridlock-lock-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const lock = path.join(root, '.tools', 'setup.lock');
  mkdirSync(lock, { recursive: true });
  writeFileSync(path.join(lock, 'pid'), '');
  const anHourAgo = new Date(Date.now() - 3_600_000);
  for (const file of [path.join(lock, 'pid'), lock]) utimesSync(file, anHourAgo, anHourAgo);
  assert.equal(await withLock(root, async () => 'done'), 'done');
});
