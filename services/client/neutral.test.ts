import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import type * as Sdk from './index.ts';
import { FakeClock, settle } from './testing/fake-clock.ts';
import { SimulatedServer } from './testing/simulated-server.ts';

test('the core runs with the bare language: no window, no Node, no global timers', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL('index.ts', import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    format: 'iife',
    globalName: 'sdk',
    platform: 'neutral',
    target: 'es2023',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
  });
  const imported = Object.values(metafile.inputs).flatMap((input) => input.imports);
  assert.deepEqual(
    imported.filter(({ external }) => external),
    [],
  );

  const context = createContext({});
  const sdk = runInContext(`${outputFiles[0]!.text}; sdk`, context) as typeof Sdk;
  assert.equal(runInContext('typeof setTimeout + typeof WebSocket + typeof process', context), 'undefined'.repeat(3));
  const clock = new FakeClock();
  const server = new SimulatedServer(clock, { players: 2, size: 3, seconds: 30 });
  const client = new sdk.GridlockClient(server.platform(() => 0.5));
  void client.connect();
  await clock.advance(100);
  const joined = client.join('ABCDEF');
  await clock.advance(100);
  await joined;
  assert.equal(client.room('ABCDEF')?.state.status, 'active');
  client.close();
  await settle();
});
