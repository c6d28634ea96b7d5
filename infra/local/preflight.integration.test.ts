import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { type Ending, SupervisorRun, temporaryStateDir } from '../../loadtest/kit/cluster.ts';
import { freePorts } from '../../tests/kit/ports.ts';
import { noProcessOf, refusedStart } from './testing.ts';

const temporary = mkdtempSync(path.join(os.tmpdir(), 'gridlock-test-'));
after(() => rmSync(temporary, { recursive: true, force: true }));

function assertRefused({ code, stdout, stderr }: Ending, pattern: RegExp): void {
  assert.equal(code, 2, stdout + stderr);
  assert.match(stderr, pattern);
  assert.equal(stderr.trim().split('\n').length, 1, stderr);
  assert.equal(stdout, '');
  assert.ok(!existsSync(path.join(temporary, 'untouched')), 'the state directory was touched');
}

describe('a start that cannot succeed says why in one sentence, with exit code 2, and leaves nothing', () => {
  for (const [flag, key] of [
    ['--port', 'port'],
    ['--http-port', 'httpPort'],
  ] as const) {
    test(`${key} in use`, async () => {
      const [taken] = (await freePorts(1)) as [number];
      const server = createServer().listen(taken, '127.0.0.1');
      await once(server, 'listening');
      assertRefused(
        await refusedStart(temporary, { [key]: taken }),
        new RegExp(`Port ${taken} is in use .* ${flag}\\.`),
      );
      server.close();
    });
  }

  test('an application that is not there', async () => {
    assertRefused(
      await refusedStart(temporary, { app: '/nowhere' }),
      /There is no application at \/nowhere; name grid, counter or whiteboard, or a folder\./,
    );
  });

  test('an application without a default export', async () => {
    const app = mkdtempSync(path.join(temporary, 'app-'));
    writeFileSync(path.join(app, 'app.mjs'), 'export const room = {};');
    assertRefused(await refusedStart(temporary, { app }), /app\.mjs has no default export; export its room type/);
  });

  test('a port that another start takes at the same moment', async () => {
    const [port, httpPort] = (await freePorts(2)) as [number, number];
    const dirs = [temporaryStateDir(), temporaryStateDir()];
    const flags = { port, httpPort, replicas: 1, drainMs: 0 };
    const runs = dirs.map((stateDir) => new SupervisorRun({ ...flags, stateDir }));
    const refused = await Promise.race(runs.map(({ ended }) => ended));
    for (const run of runs) run.process.kill('SIGTERM');
    await Promise.all(runs.map(({ ended }) => ended));
    for (const stateDir of dirs) rmSync(stateDir, { recursive: true });
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, /^Port \d+ is in use on .* choose another port with --(http-)?port\.$/m);
  });

  test('a broken configuration', async () => {
    assertRefused(await refusedStart(temporary, { replicas: 99 }), /"99" of the flag --replicas is refused/);
  });

  for (const missing of ['redis-server', 'haproxy']) {
    test(`${missing} missing`, async () => {
      const bin = mkdtempSync(path.join(temporary, 'bin-'));
      const other = missing === 'haproxy' ? 'redis-server' : 'haproxy';
      writeFileSync(path.join(bin, other), '#!/bin/sh\necho HAProxy version 2.8.0\n');
      chmodSync(path.join(bin, other), 0o755);
      assertRefused(
        await refusedStart(temporary, {}, { PATH: bin, GRIDLOCK_PATH_ONLY: '1' }),
        new RegExp(`^${missing} is not installed: .*install`),
      );
    });
  }

  test('a HAProxy that is too old', async () => {
    const bin = mkdtempSync(path.join(temporary, 'bin-'));
    for (const name of ['haproxy', 'redis-server']) {
      writeFileSync(path.join(bin, name), '#!/bin/sh\necho HAProxy version 2.4.1\n');
      chmodSync(path.join(bin, name), 0o755);
    }
    assertRefused(
      await refusedStart(temporary, {}, { PATH: `${bin}:${process.env.PATH}` }),
      /version 2\.4\.1; the edge needs HAProxy 2\.6/,
    );
  });

  test('a state directory whose path is too long for sockets', async () => {
    const { code, stderr } = await refusedStart(temporary, { stateDir: path.join(temporary, 'x'.repeat(100)) });
    assert.equal(code, 2);
    assert.match(stderr, /path is too long .* --state-dir\.$/m);
  });

  test('a state directory that is a file', async () => {
    const file = path.join(temporary, 'file');
    writeFileSync(file, '');
    const { code, stderr } = await refusedStart(temporary, { stateDir: file });
    assert.equal(code, 2);
    assert.match(stderr, /cannot be used .* --state-dir\.$/m);
  });
});

test('a start that fails on the way ends with exit code 1 and leaves no process', async () => {
  const stateDir = temporaryStateDir();
  mkdirSync(path.join(stateDir, 'redis', 'appendonlydir'), { recursive: true });
  writeFileSync(path.join(stateDir, 'redis', 'appendonlydir', 'appendonly.aof.manifest'), 'not a manifest\n');
  const { code, stderr } = await refusedStart(temporary, { stateDir });
  assert.equal(code, 1);
  assert.match(stderr, /^redis ended with exit code 1; its last log line: .+/);
  await noProcessOf(stateDir);
  assert.deepEqual(
    readdirSync(path.join(stateDir, 'run')).filter((name) => /\.(sock|json)$/.test(name)),
    [],
  );
  rmSync(stateDir, { recursive: true });
});
