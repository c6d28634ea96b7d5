import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeError } from '../kit/errors.ts';
import e2e, { runOptions } from './e2e.ts';

/** The options that the end-to-end test would get. */
async function asked(...args: string[]) {
  let options: unknown;
  e2e.action((given) => void (options = runOptions(given)));
  await e2e.parseAsync(args, { from: 'user' });
  return options;
}

test('without a flag nothing is set', async () => {
  const options = {
    mode: undefined,
    charts: undefined,
    load: [],
    only: [],
    json: undefined,
    keep: false,
    settings: {},
  };
  assert.deepEqual({ ...options, ...((await asked()) as object) }, options);
});

test('flags of the run and flags of the configuration are kept apart', async () => {
  const run = ['--mode', 'plain', '--charts', '/charts', '--json', 'steps.json', '--keep'];
  const images = ['--load', 'redis:8,haproxy:3', '--load', 'app:1,'];
  const scenarios = ['--only', 'rotation,edge'];
  const configuration = ['--replicas', '5', '--image-builder', 'classic', '--stack', 'test'];
  assert.deepEqual(await asked(...run, ...images, ...scenarios, ...configuration), {
    mode: 'plain',
    charts: '/charts',
    load: ['redis:8', 'haproxy:3', 'app:1'],
    only: ['rotation', 'edge'],
    json: 'steps.json',
    keep: true,
    settings: { replicas: '5', imageBuilder: 'classic' },
  });
});

test('an unknown mode is refused with a list of the modes', async () => {
  const { text, exitCode } = await asked('--mode', 'half').then(() => assert.fail(), describeError);
  assert.equal(exitCode, 2);
  assert.match(text, /'half' is invalid\. Allowed: full, plain\. See "gridlock e2e --help"\.$/);
});
