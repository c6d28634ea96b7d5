import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const directory = mkdtempSync(path.join(tmpdir(), 'gridlock-leftovers-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** Runs a test file as `npm test` does, with so much patience. */
function runFile(name: string, leaves: string, patienceMs: number): { status: number | null; output: string } {
  const file = path.join(directory, name);
  writeFileSync(file, `import { test } from 'node:test';\ntest('passes', () => {});\n${leaves}\n`);
  const { NODE_TEST_CONTEXT: _own, ...env } = process.env;
  const args = ['--import', path.join(import.meta.dirname, 'leftovers.mjs'), '--test', file];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    env: { ...env, GRIDLOCK_TEST_LEFTOVERS_MS: String(patienceMs) },
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, output: stdout + stderr };
}

test('a test file that leaves something open is ended, fails, and is told of', () => {
  const { status, output } = runFile('leaves.test.mjs', 'setInterval(() => {}, 1000);', 200);
  assert.equal(status, 1);
  assert.match(output, /leaves\.test\.mjs is still running 0\.2 s after its last test \(Timeout\)/);
});

test('a test file that leaves nothing passes', () => {
  const { status, output } = runFile('clean.test.mjs', '', 20_000);
  assert.equal(status, 0, output);
});
