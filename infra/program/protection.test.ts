import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../config/config.ts';
import { STACKS } from '../golden/golden.ts';
import { record } from '../render/recorder.ts';
import { gridlock } from './gridlock.ts';

/** Names of the protected resources of a stack, with some keys changed. */
async function protectedOf(stack: 'dev' | 'cloud', ...args: readonly string[]): Promise<string[]> {
  const config = readConfig({ args: ['--stack', stack, ...args], directory: STACKS[stack], target: 'cluster' });
  const { registrations } = await record(() => gridlock(config), { stack });
  return registrations
    .filter(({ options }) => options.protect)
    .map(({ inputs }) => (inputs['metadata'] as { name: string }).name)
    .sort();
}

test('on a laptop everything can be deleted, and elsewhere neither Redis nor the root that issues', async () => {
  assert.deepEqual(await protectedOf('dev'), []);
  assert.deepEqual(await protectedOf('cloud'), ['gridlock-redis', 'gridlock-root-g1']);
});

test('a stack may say otherwise', async () => {
  assert.deepEqual(await protectedOf('dev', '--protect', 'true'), ['gridlock-redis', 'gridlock-root-g1']);
  assert.deepEqual(await protectedOf('cloud', '--protect', 'false'), []);
});
