import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkout, only, parts, programs, run } from './testing.ts';

const required = { ...parts, chromium: 'exit 0', openssl: 'exit 0', certutil: 'exit 0' };

test('a part that the tests can do without is skipped by name, with what needs it and how to get it', async () => {
  const root = checkout();
  await run(root, ['cluster']);
  const { code, stderr } = await run(root, ['test'], only(programs(required)));
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /skipping testssl, and with it the scan of the edge by testssl\.sh: Missing: testssl\. .*\n {2}install testssl/,
  );
});

test('it is not asked for where it is, nor by a start', async () => {
  const root = checkout();
  await run(root, ['cluster']);
  for (const [profile, there] of [
    ['test', { ...required, testssl: 'exit 0' }],
    ['start', parts],
  ] as const) {
    assert.doesNotMatch((await run(root, [profile], only(programs(there)))).stderr, /testssl/);
  }
});
