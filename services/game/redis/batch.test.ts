import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Batch } from './batch.ts';
import type { Gathering } from './gathering.ts';

/** Everything leaves when told. */
function held(): { gathering: Gathering; leave: () => void } {
  let leave = () => {};
  const turn = new Promise<void>((resolve) => (leave = resolve));
  return { gathering: { turn: () => turn } as unknown as Gathering, leave };
}

test('requests that come together are one command, and each gets its own reply', async () => {
  const { gathering, leave } = held();
  const commands: unknown[] = [];
  const batch = new Batch<string>({
    script: async (keys, args) => {
      commands.push([keys, args]);
      return keys.map((key) => `reply to ${key}`);
    },
    gathering,
    most: 8,
  });
  const replies = [batch.run(['a'], [1, 2]), batch.run(['b'], [3, 4])];
  leave();
  assert.deepEqual(await Promise.all(replies), ['reply to a', 'reply to b']);
  assert.deepEqual(commands, [[['a', 'b'], [1, 2, 1, 2, 3, 4]]]);
});

test('no command carries more than it may', async () => {
  const { gathering, leave } = held();
  const sizes: number[] = [];
  const batch = new Batch<string>({
    script: async (keys) => {
      sizes.push(keys.length);
      return [...keys];
    },
    gathering,
    most: 2,
  });
  const replies = ['a', 'b', 'c', 'd', 'e'].map((key) => batch.run([key], []));
  leave();
  assert.deepEqual(await Promise.all(replies), ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(sizes, [2, 2, 1]);
});

test('when nothing waits a request leaves at once', async () => {
  const sizes: number[] = [];
  const batch = new Batch<string>({
    script: async (keys) => {
      sizes.push(keys.length);
      return [...keys];
    },
    gathering: { turn: () => undefined } as unknown as Gathering,
    most: 2,
  });
  assert.deepEqual(await Promise.all([batch.run(['a'], []), batch.run(['b'], [])]), ['a', 'b']);
  assert.deepEqual(sizes, [1, 1]);
});

test('a command that fails is a failure of all that it carried, and of no others', async () => {
  const { gathering, leave } = held();
  const batch = new Batch<string>({
    script: async (keys) => {
      if (keys.includes('a')) throw new Error('away');
      return [...keys];
    },
    gathering,
    most: 2,
  });
  const replies = ['a', 'b', 'c'].map((key) => batch.run([key], []));
  leave();
  const settled = await Promise.allSettled(replies);
  assert.deepEqual(settled.map(({ status }) => status), ['rejected', 'rejected', 'fulfilled']);
});
