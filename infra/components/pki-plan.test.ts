import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planPki } from './pki-plan.ts';

const g1 = { generations: ['g1'], issuing: 'g1', intermediate: 1, leaf: 1 };
const both = ['g1', 'g2'];

// Each line is one `up` after the one above.
for (const [phase, pki, roots, intermediate, signedBy, serial] of [
  ['at first', g1, ['gridlock-root-g1'], 'gridlock-intermediate-g1-1', 'gridlock-root-g1', 'g1-1-1'],
  ['a new leaf', { ...g1, leaf: 2 }, ['gridlock-root-g1'], 'gridlock-intermediate-g1-1', 'gridlock-root-g1', 'g1-1-2'],
  [
    'a new intermediate',
    { ...g1, intermediate: 2, leaf: 2 },
    ['gridlock-root-g1'],
    'gridlock-intermediate-g1-2',
    'gridlock-root-g1',
    'g1-2-2',
  ],
  [
    'a root is accepted',
    { ...g1, generations: both, intermediate: 2 },
    ['gridlock-root-g1', 'gridlock-root-g2'],
    'gridlock-intermediate-g1-2',
    'gridlock-root-g1',
    'g1-2-1',
  ],
  [
    'it issues',
    { ...g1, generations: both, issuing: 'g2' },
    ['gridlock-root-g1', 'gridlock-root-g2'],
    'gridlock-intermediate-g2-1',
    'gridlock-root-g2',
    'g2-1-1',
  ],
  [
    'the old one is retired',
    { ...g1, generations: ['g2'], issuing: 'g2' },
    ['gridlock-root-g2'],
    'gridlock-intermediate-g2-1',
    'gridlock-root-g2',
    'g2-1-1',
  ],
] as const) {
  test(`${phase}: exactly these objects are planned`, () => {
    assert.deepEqual(planPki(pki), {
      roots: roots.map((name) => ({ name, generation: name.slice('gridlock-root-'.length) })),
      intermediate: { name: intermediate, root: signedBy },
      leafSerial: serial,
    });
  });
}

test('retiring the issuing generation is refused', () => {
  assert.throws(
    () => planPki({ ...g1, generations: ['g2'] }),
    /generation g1 cannot issue, as only g2 are accepted: accept it first/,
  );
});

test('between accept and retire neither roots nor their names change', () => {
  const [accepted, issuing] = [
    planPki({ ...g1, generations: both }),
    planPki({ ...g1, generations: both, issuing: 'g2' }),
  ];
  assert.deepEqual(accepted.roots, issuing.roots);
});
