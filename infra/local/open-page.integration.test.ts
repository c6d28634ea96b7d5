import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../tests/kit/directories.ts';
import { freePorts } from '../../tests/kit/ports.ts';
import { until } from '../../tests/kit/wait.ts';

const CLI = path.join(import.meta.dirname, '../../cli/main.ts');
const START_MS = 120_000;

/** `start --open` on a machine whose browser writes down what it is given. */
async function startOpen(t: TestContext, variables: NodeJS.ProcessEnv) {
  const directory = temporaryDirectory(t);
  const [bin, opened] = [path.join(directory, 'bin'), path.join(directory, 'opened')];
  mkdirSync(bin);
  for (const name of ['xdg-open', 'open']) {
    const script = `#!/bin/sh\nprintf %s "$1" > '${opened}.part' && mv '${opened}.part' '${opened}'\n`;
    writeFileSync(path.join(bin, name), script, { mode: 0o755 });
  }
  const [port, httpPort] = (await freePorts(2)) as [number, number];
  const flags = [`--port=${port}`, `--http-port=${httpPort}`, `--state-dir=${path.join(directory, 'state')}`];
  const args = ['--disable-warning=ExperimentalWarning', CLI, 'start', '--open', '--replicas=1', ...flags];
  const { CI: _, ...inherited } = process.env;
  const env = { ...inherited, ...variables, PATH: `${bin}:${process.env['PATH']}` };
  const child: ChildProcess = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const closed = once(child, 'close');
  let output = '';
  child.stdout!.on('data', (chunk) => (output += String(chunk)));
  return {
    url: `https://localhost:${port}`,
    output: () => output,
    opened: () => (existsSync(opened) ? readFileSync(opened, 'utf8') : undefined),
    stop: async () => {
      child.kill('SIGTERM');
      await closed;
    },
  };
}

test('the page is opened in the browser once it is served', async (t) => {
  const run = await startOpen(t, { DISPLAY: ':0' });
  try {
    await until(() => run.opened() !== undefined, 'the browser was given an address', START_MS);
    assert.equal(run.opened(), run.url);
    assert.match(run.output(), new RegExp(`^ready ${run.url}$`, 'm'));
  } finally {
    await run.stop();
  }
});

test('in CI no browser is opened, and a line says so', async (t) => {
  const run = await startOpen(t, { DISPLAY: ':0', CI: 'true' });
  try {
    await until(() => /^The browser is not opened, as this runs in CI\.$/m.test(run.output()), 'it is said', START_MS);
    assert.equal(run.opened(), undefined);
  } finally {
    await run.stop();
  }
});
