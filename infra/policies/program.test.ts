import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Config, readConfig, stackConfig } from '../config/config.ts';
import { STACKS, stacks } from '../golden/golden.ts';
import { render } from '../render/render.ts';
import { EXEMPTIONS } from './exemptions.ts';
import { type Manifest, POLICIES, review } from './index.ts';
import { nameOf } from './manifest.ts';

const configs = new Map<string, Config>(
  stacks.map((stack) => [stack, readConfig({ args: ['--stack', stack], directory: STACKS[stack], target: 'cluster' })]),
);
configs.set('the plain edge on kind', stackConfig('dev', { 'gridlock:ingress': 'haproxy' }));
configs.set(
  'an external Redis and an operator',
  stackConfig('dev', {
    'gridlock:monitoring': 'operator',
    'gridlock:redis': 'external',
    'gridlock:redisUrl': 'rediss://u:p@redis.example:6379',
  }),
);

configs.set(
  'a server that is not ours, with a health path behind the plain edge',
  stackConfig('dev', {
    'gridlock:serverImage': 'registry.example/chat:1',
    'gridlock:healthPath': '/up',
    'gridlock:ingress': 'haproxy',
  }),
);

const rendered = new Map<string, readonly Manifest[]>();
for (const [what, config] of configs) rendered.set(what, (await render(config)).manifests);

describe('the objects of the program break no policy', () => {
  for (const [stack, manifests] of rendered) {
    test(stack, () => {
      assert.ok(manifests.length > 20, 'the program was rendered');
      assert.deepEqual(review(manifests), []);
    });
  }
});

test('every exemption is needed: an unused exemption would hide later faults', () => {
  const all = [...rendered.values()];
  const idle = EXEMPTIONS.filter(({ policy, objects, complaints }) => {
    const { check } = POLICIES.find(({ name }) => name === policy)!;
    return !all.some((manifests) =>
      manifests.some(
        (manifest) =>
          objects.test(nameOf(manifest)) &&
          check(manifest, manifests).some((complaint) => complaints?.test(complaint) ?? true),
      ),
    );
  });
  assert.deepEqual(
    idle.map(({ policy, objects }) => `${policy} ${objects}`),
    [],
  );
});
