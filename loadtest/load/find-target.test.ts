import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../infra/usage-error.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import { requireAbility } from './find-target.ts';
import type { Target } from './target.ts';

const bare: Target = {
  name: 'wss://game.example',
  url: 'https://game.example',
  trustFile: () => undefined,
  processes: async () => ({}),
  faults: {},
  stop: async () => undefined,
};
const able: Target = {
  ...bare,
  faults: { Redis: { strike: async () => 'back', closes: 'none' } },
  rollOut: async () => 'done',
  rotate: async () => 'done',
};

test('a scenario that needs what a target does not allow is refused in a sentence that names both', () => {
  const refused = Object.entries(SCENARIOS).filter(([name, scenario]) => {
    try {
      requireAbility(name, scenario, bare);
      return false;
    } catch (error) {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, new RegExp(`^${name} .*wss://game\\.example from here: --target local.*\\.$`));
      return true;
    }
  });
  assert.deepEqual(refused.map(([name]) => name).sort(), ['failover', 'rollout', 'rotation']);
});

test('a target that allows it takes every scenario', () => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) requireAbility(name, scenario, able);
});
