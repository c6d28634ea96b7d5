import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turn } from './turn.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test('decisions come before commands and commands before frames, whichever was added first', async () => {
  const turn = new Turn();
  const done: string[] = [];
  for (const phase of ['frames', 'commands', 'decisions'] as const) turn.atEnd(phase, () => done.push(phase));
  assert.deepEqual(done, []);
  await nextTurn();
  assert.deepEqual(done, ['decisions', 'commands', 'frames']);
});

test('a task that a decision adds to a later phase runs in the same turn', async () => {
  const turn = new Turn();
  const done: string[] = [];
  turn.atEnd('decisions', () => turn.atEnd('commands', () => done.push('command')));
  await nextTurn();
  assert.deepEqual(done, ['command']);
});

test('a task that is added to the running phase waits until others had a turn', async () => {
  const turn = new Turn();
  let left = 3;
  const some = () => {
    left -= 1;
    if (left > 0) turn.atEnd('frames', some);
  };
  turn.atEnd('frames', some);
  for (const expected of [2, 1, 0, 0]) {
    await nextTurn();
    assert.equal(left, expected);
  }
});
