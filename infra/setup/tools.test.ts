import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { checkout, only, parts, programs, run } from './testing.ts';

test('a pinned tool is installed into the checkout once, where its language is installed', async () => {
  const root = checkout();
  await run(root, ['start']);
  const bin = programs({ ...parts, go: 'echo "$*" >> "$GOBIN/log"; touch "$GOBIN/k6"' });
  const first = await run(root, ['load'], only(bin));
  assert.match(first.stderr, /^set-up: compiling k6 v1\.8\.1$/m);
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

test('a tool that cannot be built is skipped by name with the reason, and tried again', async () => {
  const root = checkout();
  await run(root, ['start']);
  const bin = programs({ ...parts, go: 'echo "no such module" >&2; exit 1' });
  for (let attempt = 0; attempt < 2; attempt++) {
    const { code, stderr } = await run(root, ['load'], only(bin));
    assert.equal(code, 0);
    assert.match(stderr, /skipping k6, and with it the load runs: go install .*no such module/s);
  }
});
