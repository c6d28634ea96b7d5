import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { serveControl } from '../../infra/local/control.ts';
import { statePaths } from '../../infra/local/state-paths.ts';
import type { RunningStatus } from '../../infra/local/system-status.ts';
import { captured } from '../../tests/kit/captured.ts';
import { until } from '../../tests/kit/wait.ts';
import open from './open.ts';

const URL = 'https://localhost:8443';
const { PATH, GRIDLOCK_PATH_ONLY } = process.env;

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(path.join(os.tmpdir(), 'gridlock-open-'));
  // Only programs of the test are found.
  Object.assign(process.env, { PATH: path.join(stateDir, 'bin'), GRIDLOCK_PATH_ONLY: '1' });
});
afterEach(() => {
  process.env['PATH'] = PATH;
  if (GRIDLOCK_PATH_ONLY === undefined) delete process.env['GRIDLOCK_PATH_ONLY'];
  rmSync(stateDir, { recursive: true, force: true });
});

const run = () => captured(() => open.parseAsync(['--state-dir', stateDir], { from: 'user' }));

async function withSystem(work: () => Promise<void>): Promise<void> {
  mkdirSync(statePaths(stateDir).run, { recursive: true });
  const server = await serveControl(statePaths(stateDir).controlSocket, {
    status: () => Promise.resolve({ running: true, url: URL } as RunningStatus),
    rotate: () => Promise.reject(new Error('There is no edge.')),
    stop: () => undefined,
  });
  await work().finally(() => server.close());
}

test('prints the address and gives it to the program that opens browsers', async () => {
  const opened = path.join(stateDir, 'opened');
  mkdirSync(process.env['PATH']!);
  for (const name of ['xdg-open', 'open']) {
    const script = `#!/bin/sh\nprintf %s "$1" > '${opened}.part' && /bin/mv '${opened}.part' '${opened}'\n`;
    writeFileSync(path.join(process.env['PATH']!, name), script, { mode: 0o755 });
  }
  const read = () => {
    try {
      return readFileSync(opened, 'utf8');
    } catch {
      return undefined;
    }
  };
  await withSystem(async () => {
    assert.deepEqual(await run(), { code: 0, stdout: `${URL}\n`, stderr: '' });
    await until(() => read() !== undefined, 'the program was run');
    assert.equal(read(), URL);
  });
});

test('on a machine without such a program the address is printed all the same', async () => {
  await withSystem(async () => {
    await assert.rejects(run, { exitCode: 2, message: /no (xdg-)?open to open a browser with: open the address/ });
  });
});

test('without a system it is refused', async () => {
  await assert.rejects(run, { exitCode: 2, message: `Nothing is running on ${stateDir}: gridlock start.` });
});
