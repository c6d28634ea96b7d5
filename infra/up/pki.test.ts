import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Pki } from '../components/certificates/pki-plan.ts';
import { ConfigError } from '../config/config.ts';
import { rotated, STEPS, type Step } from './pki.ts';

const pki = (generations: string[], issuing: string, intermediate = 1, leaf = 1): Pki => ({
  generations,
  issuing,
  intermediate,
  leaf,
});

for (const [step, before, after] of [
  ['leaf', pki(['g1'], 'g1'), pki(['g1'], 'g1', 1, 2)],
  ['leaf', pki(['g1', 'g2'], 'g1', 3, 7), pki(['g1', 'g2'], 'g1', 3, 8)],
  ['intermediate', pki(['g1'], 'g1', 1, 4), pki(['g1'], 'g1', 2, 4)],
  ['root-accept', pki(['g1'], 'g1'), pki(['g1', 'g2'], 'g1')],
  ['root-accept', pki(['g9'], 'g9', 2, 3), pki(['g9', 'g10'], 'g9', 2, 3)],
  ['root-issue', pki(['g1', 'g2'], 'g1'), pki(['g1', 'g2'], 'g2')],
  ['root-issue', pki(['g10', 'g9'], 'g9'), pki(['g10', 'g9'], 'g10')],
  ['root-retire', pki(['g1', 'g2'], 'g2', 2, 5), pki(['g2'], 'g2', 2, 5)],
  ['root-retire', pki(['g1', 'g2', 'g3'], 'g3'), pki(['g3'], 'g3')],
] as const satisfies [Step, Pki, Pki][]) {
  test(`${step} of ${JSON.stringify(before)} is ${JSON.stringify(after)}`, () => {
    assert.deepEqual(rotated(before, step), after);
  });
}

for (const [step, before, sentence] of [
  ['root-accept', pki(['g1', 'g2'], 'g1'), /^g2 is accepted already while g1 still issues: .* root-issue\.$/],
  ['root-accept', pki(['g1', 'g2'], 'g2'), /^g1 is still accepted in addition to g2, .* root-retire\.$/],
  ['root-issue', pki(['g1'], 'g1'), /^g1 is the newest root and issues already: .* root-accept\.$/],
  ['root-issue', pki(['g1', 'g2'], 'g2'), /^g2 is the newest root and issues already: .* root-retire\.$/],
  ['root-retire', pki(['g1', 'g2'], 'g1'), /^g1 still issues, .* g2 issue is root-issue\.$/],
  ['root-retire', pki(['g2'], 'g2'), /^g2 is the only root: there is nothing to retire\.$/],
] as const satisfies [Step, Pki, RegExp][]) {
  test(`${step} of ${JSON.stringify(before)} is refused with the next step`, () => {
    assert.throws(
      () => rotated(before, step),
      (error: Error) => error instanceof ConfigError && sentence.test(error.message),
    );
  });
}

test('whatever the order of steps, the issuing root stays accepted and no root is accepted twice', () => {
  const steps = fc.array(fc.constantFrom(...STEPS), { maxLength: 30 });
  fc.assert(
    fc.property(steps, (sequence) => {
      let now = pki(['g1'], 'g1');
      for (const step of sequence) {
        try {
          now = rotated(now, step);
        } catch (error) {
          assert.ok(error instanceof ConfigError);
        }
        assert.ok(now.generations.includes(now.issuing));
        assert.equal(new Set(now.generations).size, now.generations.length);
        assert.ok(now.generations.length <= 2);
      }
    }),
  );
});
