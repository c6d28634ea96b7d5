import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { checkout, only, parts, programs, run, temporary } from './testing.ts';

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

test('an installed part is not installed again, and a start installs no optional part', async () => {
  const root = checkout();
  await run(root, ['cluster']);
  for (const [profile, there] of [
    ['test', { ...required, testssl: 'exit 0' }],
    ['start', parts],
  ] as const) {
    assert.doesNotMatch((await run(root, [profile], only(programs(there)))).stderr, /testssl/);
  }
});

test('an apt whose locks are held is waited for, and a line says so', { skip: process.getuid?.() !== 0 }, async () => {
  const root = checkout();
  await run(root, ['start']);
  const log = path.join(temporary, 'locked-apt.log');
  const bin = programs({
    'redis-server': 'exit 0',
    // The lists are locked once, and apt itself does not wait for that lock. For dpkg's it waits when asked to.
    'apt-get': `echo "$*" >> ${log}
if [ "$3" = update ] && [ ! -f ${log}.free ]; then touch ${log}.free
  echo 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)' >&2; exit 100; fi
if [ "$3" = update ]; then touch ${log}.lists; exit 0; fi
[ -f ${log}.lists ] || exit 100
echo 'Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend.' >&2
printf '#!/bin/sh\\n' > "\${0%/*}/haproxy"; chmod 755 "\${0%/*}/haproxy"`,
  });
  const { code, stderr } = await run(root, ['start'], only(bin));
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^set-up: waiting for another installation of system packages to finish$/m);
  assert.match(stderr, /^set-up: installing haproxy with apt-get: done in \d+\.\d s$/m);
  const calls = readFileSync(log, 'utf8').trim().split('\n');
  assert.deepEqual(
    calls.map((call) => call.split(' ')[2]),
    ['install', 'update', 'update', 'install'],
  );
  for (const call of calls) assert.match(call, /^-o DPkg::Lock::Timeout=900 /);
  assert.ok(
    !existsSync('/usr/sbin/policy-rc.d') || !readFileSync('/usr/sbin/policy-rc.d', 'utf8').includes('Gridlock'),
  );
});
