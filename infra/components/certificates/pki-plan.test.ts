import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lifetimes as local } from '../../../certs/index.ts';
import { repetitions } from '../../../tests/kit/repetitions.ts';
import { checkLifetimes, type PkiLifetimes, pkiLifetimes, planPki } from './pki-plan.ts';

const g1 = { generations: ['g1'], issuing: 'g1', intermediate: 1, leaf: 1 };
const both = ['g1', 'g2'];

// Each line is one `up` after the one above.
for (const [phase, pki, roots, intermediate, signedBy, serial] of [
  ['at first', g1, ['root-g1'], 'intermediate-g1-1', 'root-g1', 'g1-1-1'],
  ['a new leaf', { ...g1, leaf: 2 }, ['root-g1'], 'intermediate-g1-1', 'root-g1', 'g1-1-2'],
  ['a new intermediate', { ...g1, intermediate: 2, leaf: 2 }, ['root-g1'], 'intermediate-g1-2', 'root-g1', 'g1-2-2'],
  [
    'a root is accepted',
    { ...g1, generations: both, intermediate: 2 },
    ['root-g1', 'root-g2'],
    'intermediate-g1-2',
    'root-g1',
    'g1-2-1',
  ],
  [
    'it issues',
    { ...g1, generations: both, issuing: 'g2' },
    ['root-g1', 'root-g2'],
    'intermediate-g2-1',
    'root-g2',
    'g2-1-1',
  ],
  [
    'the old one is retired',
    { ...g1, generations: ['g2'], issuing: 'g2' },
    ['root-g2'],
    'intermediate-g2-1',
    'root-g2',
    'g2-1-1',
  ],
] as const) {
  test(`${phase}: exactly these objects are planned`, () => {
    assert.deepEqual(planPki(pki), {
      roots: roots.map((name) => ({ name, generation: name.slice('root-'.length), issues: name === signedBy })),
      intermediate: { name: intermediate, root: signedBy, number: intermediate.slice('intermediate-'.length) },
      leafSerial: serial,
    });
  });
}

test('retiring the issuing generation is refused', () => {
  assert.throws(
    () => planPki({ ...g1, generations: ['g2'] }),
    /generation g1 cannot issue, because only g2 are accepted: accept it first/,
  );
});

test('between accept and retire neither roots nor their names change', () => {
  const [accepted, issuing] = [
    planPki({ ...g1, generations: both }),
    planPki({ ...g1, generations: both, issuing: 'g2' }),
  ];
  const named = ({ roots }: typeof accepted) => roots.map(({ name }) => name);
  assert.deepEqual(named(accepted), named(issuing));
});

const HOUR_MS = 3_600_000;
const hours = (least: number) => fc.integer({ min: least, max: least + 60 });
/**
 * A level that is replaced before its end by about the lifetime of the level below it, so that half of the tables fit.
 */
const above = (child: PkiLifetimes['root']) =>
  fc.tuple(fc.integer({ min: -2, max: 4 }), hours(0)).map(([slack, rest]) => {
    const renewBefore = child.duration + slack;
    return { renewBefore, duration: renewBefore + rest };
  });
const leaf = fc.tuple(hours(1), hours(0)).map(([duration, rest]) => ({ duration: duration + rest, renewBefore: rest }));
const table = fc
  .tuple(leaf, leaf)
  .chain(([edge, internal]) => above(edge).map((intermediate) => ({ edge, internal, intermediate })))
  .chain((below) => above(below.intermediate).map((root): PkiLifetimes => ({ ...below, root })));

/** The invariant, by its purpose: the last leaf a parent signs ends before the parent. */
function lastLeafEndsInTime({ root, intermediate, edge, internal }: PkiLifetimes): boolean {
  const endsInTime = (parent: PkiLifetimes['root'], child: PkiLifetimes['root']) => {
    const signedAt = parent.duration - parent.renewBefore;
    return signedAt + child.duration <= parent.duration;
  };
  return endsInTime(root, intermediate) && endsInTime(intermediate, edge) && endsInTime(intermediate, internal);
}

test('a table is accepted exactly when whatever a parent signs before it is replaced ends before it', () => {
  const sound = (each: PkiLifetimes) =>
    Object.values(each).every(({ duration, renewBefore }) => renewBefore > 0 && renewBefore < duration);
  let accepted = 0;
  fc.assert(
    fc.property(table, (each) => {
      const wanted = sound(each) && lastLeafEndsInTime(each);
      if (wanted) {
        accepted += 1;
        checkLifetimes(each);
      } else assert.throws(() => checkLifetimes(each), RangeError);
    }),
    { numRuns: repetitions(5000, 100_000) },
  );
  assert.ok(accepted > 100, `only ${accepted} tables were fit`);
});

test('a table that breaks the invariant is refused with the level and the remedy', () => {
  const wrong = { ...pkiLifetimes, edge: { duration: 800, renewBefore: 200 } };
  assert.throws(
    () => checkLifetimes(wrong),
    /The edge certificate lives 800 h, longer than the 720 h before its end at which the intermediate .*shorten/,
  );
});

test('the chain on Kubernetes has the lifetimes of the one of certs/', () => {
  assert.deepEqual(
    [pkiLifetimes.root, pkiLifetimes.intermediate, pkiLifetimes.edge].map(({ duration }) => duration),
    [local.root, local.intermediate, local.leaf].map(({ duration }) => duration / HOUR_MS),
  );
});
