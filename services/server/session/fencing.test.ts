import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection } from './connection.ts';
import type { ConnectionSet } from './connection-set.ts';
import { Fencing, type FencingOptions } from './fencing.ts';

/** Two open sockets: one of who logged out, and one that is outdated. Redis answers when told to. */
function away() {
  const connections = ['out', 'old', 'good'].map((id) => ({ player: { id }, generation: 5 }) as unknown as Connection);
  const state = { answers: false, asked: 0, closed: [] as string[] };
  const redis = {
    defineCommand: () => undefined,
    hmget: async (key: string) => {
      state.asked += 1;
      if (!state.answers) throw new Error('away');
      return key.includes('out') ? ['6', '6'] : key.includes('old') ? ['6', null] : ['5', null];
    },
  };
  const fencing = new Fencing({
    redis: redis as unknown as FencingOptions['redis'],
    replica: '1111',
    socketsPerMinute: 60,
    keepSeconds: 60,
    sockets: { all: () => connections } as unknown as ConnectionSet,
    supersede: ({ player }) => void state.closed.push(`superseded ${player.id}`),
    revoke: ({ player }) => void state.closed.push(`revoked ${player.id}`),
  });
  return { fencing, state };
}

test('a log-out that could not be looked for when the subscription came back is found afterwards', async () => {
  const { fencing, state } = away();
  await assert.rejects(fencing.recheck());
  await assert.rejects(fencing.recheckIfDue());
  state.answers = true;
  await fencing.recheckIfDue();
  assert.deepEqual(state.closed, ['revoked out', 'superseded old']);
});

test('what was looked for to the end is not looked for again', async () => {
  const { fencing, state } = away();
  state.answers = true;
  await fencing.recheck();
  const { asked } = state;
  await fencing.recheckIfDue();
  assert.equal(state.asked, asked);
});
