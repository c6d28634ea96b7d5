import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../infra/usage-error.ts';
import { FAULTS } from './faults.ts';
import { faultsOf, runChaos, shareOf } from './run.ts';

test('without names every fault strikes', () => {
  assert.deepEqual(faultsOf(undefined), FAULTS);
});

test('several faults may be named, in any order', () => {
  assert.deepEqual(
    faultsOf(['edge-kill', 'replica-kill']).map(({ name }) => name),
    ['replica-kill', 'edge-kill'],
  );
});

test('clients that do not fill games are refused by a sentence that names the flag', () => {
  assert.throws(
    () => runChaos({ app: 'grid', design: 'both', players: 4, clients: 10 }),
    (error: Error) => error instanceof UsageError && error.message.startsWith('--clients is '),
  );
});

test('a measurement with clients of another application than the game is refused', () => {
  assert.throws(
    () => runChaos({ app: 'both', design: 'both', players: 4, clients: 8 }),
    (error: Error) => error instanceof UsageError && error.message.includes('--app is both'),
  );
});

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
