import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Turn } from '../transport/turn.ts';
import { Batch } from './scripts.ts';

/** Everything leaves when told. */
function held(): { turn: Pick<Turn, 'atEnd'>; leave: () => void } {
  const tasks: (() => void)[] = [];
  return {
    turn: { atEnd: (_phase, task) => void tasks.push(task) },
    leave: () => {
      for (const task of tasks.splice(0)) task();
    },
  };
}

test('requests that come together are one command, and each gets its own reply', async () => {
  const { turn, leave } = held();
  const commands: unknown[] = [];
  const batch = new Batch<string>({
    script: async (keys, args) => {
      commands.push([keys, args]);
      return keys.map((key) => `reply to ${key}`);
    },
    turn,
    most: 8,
  });
  const replies = [batch.run(['a'], [1, 2]), batch.run(['b'], [3])];
  leave();
  assert.deepEqual(await Promise.all(replies), ['reply to a', 'reply to b']);
  assert.deepEqual(commands, [
    [
      ['a', 'b'],
      [1, 2, 1, 2, 1, 3],
    ],
  ]);
});

test('no command carries more than it may', async () => {
  const { turn, leave } = held();
  const sizes: number[] = [];
  const batch = new Batch<string>({
    script: async (keys) => {
      sizes.push(keys.length);
      return [...keys];
    },
    turn,
    most: 2,
  });
  const replies = ['a', 'b', 'c', 'd', 'e'].map((key) => batch.run([key], []));
  leave();
  assert.deepEqual(await Promise.all(replies), ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(sizes, [2, 2, 1]);
});

test('a command that fails is a failure of all that it carried, and of no others', async () => {
  const { turn, leave } = held();
  const batch = new Batch<string>({
    script: async (keys) => {
      if (keys.includes('a')) throw new Error('away');
      return [...keys];
    },
    turn,
    most: 2,
  });
  const replies = ['a', 'b', 'c'].map((key) => batch.run([key], []));
  leave();
  const settled = await Promise.allSettled(replies);
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['rejected', 'rejected', 'fulfilled'],
  );
});
