import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../authority/game-authority.ts';
import { reread } from './reread.ts';

const failing = (times: number, error: Error) => {
  let attempts = 0;
  return async () => {
    attempts += 1;
    if (attempts <= times) throw error;
    return attempts;
  };
};

test('a store that does not answer for a while is asked again', async () => {
  assert.equal(await reread(failing(2, new Refusal('unavailable')), () => true), 3);
});

test('an error that another attempt cannot change is reported at once', async () => {
  await assert.rejects(
    reread(failing(1, new Refusal('game_not_found')), () => true),
    { code: 'game_not_found' },
  );
});

test('nothing is asked for a connection that is gone', async () => {
  let attempts = 0;
  const read = async () => {
    attempts += 1;
    throw new Refusal('unavailable');
  };
  await assert.rejects(
    reread(read, () => false),
    { code: 'unavailable' },
  );
  assert.equal(attempts, 1);
});
