import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTS } from './faults.ts';
import { HELP, readFlags, shareOf, UsageError } from './options.ts';

test('without flags every fault strikes in both designs', () => {
  const { designs, faults, players, seed, rounds } = readFlags([], 5);
  assert.deepEqual([designs, faults, players, seed, rounds], [['stateless', 'stateful'], FAULTS, 4, 5, undefined]);
});

test('several faults may be named, in any order', () => {
  const { faults } = readFlags(['--fault', 'edge-kill', '--fault=replica-kill', '--design', 'stateful']);
  assert.deepEqual(
    faults.map(({ name }) => name),
    ['replica-kill', 'edge-kill'],
  );
});

test('the help names every fault', () => {
  for (const { name, about } of FAULTS) assert.match(HELP, new RegExp(`${name} +${about}`));
});

const WRONG: readonly string[][] = [
  ['--fault', 'flood'],
  ['--design', 'stately'],
  ['--rounds', '0'],
  ['--rounds', '1.5'],
  ['--players', '5'],
  ['--seed', '-1'],
  ['--clients', '10'],
];
for (const args of WRONG) {
  test(`${args.join(' ')} is refused by a sentence that names the flag`, () => {
    assert.throws(
      () => readFlags([args.join('=')]),
      (error: Error) => error instanceof UsageError && error.message.startsWith(`${args[0]} is `),
    );
  });
}

test('rounds are shared out evenly, and none is left over', () => {
  assert.deepEqual(
    [0, 1, 2].map((index) => shareOf(7, 3, index)),
    [3, 2, 2],
  );
  assert.deepEqual(
    [0, 1, 2].map((index) => shareOf(2, 3, index)),
    [1, 1, 0],
  );
});
