import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection } from './connection.ts';
import type { ConnectionSet } from './connection-set.ts';
import { Fencing, type FencingOptions } from './fencing.ts';

/**
 * Open sockets: of a player who logged out, of one who was disconnected, an outdated one and a good one. Redis answers
 * when the test says so.
 */
function away() {
  const connections = ['out', 'cut', 'old', 'good'].map(
    (id) => ({ player: { id }, generation: 5 }) as unknown as Connection,
  );
  const state = { answers: false, asked: 0, closed: [] as string[] };
  const redis = {
    defineCommand: () => undefined,
    hmget: async (key: string) => {
      state.asked += 1;
      if (!state.answers) throw new Error('away');
      const found = { out: ['6', '6', null], cut: ['6', null, '6'], old: ['6', null, null] };
      return Object.entries(found).find(([id]) => key.includes(id))?.[1] ?? ['5', null, null];
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
    disconnect: ({ player }) => void state.closed.push(`disconnected ${player.id}`),
  });
  return { fencing, state };
}

test('a log-out or a disconnect that could not be read when the subscription came back is found later', async () => {
  const { fencing, state } = away();
  await assert.rejects(fencing.recheck());
  await assert.rejects(fencing.recheckIfDue());
  state.answers = true;
  await fencing.recheckIfDue();
  assert.deepEqual(state.closed, ['revoked out', 'disconnected cut', 'superseded old']);
});

test('a complete check is not repeated', async () => {
  const { fencing, state } = away();
  state.answers = true;
  await fencing.recheck();
  const { asked } = state;
  await fencing.recheckIfDue();
  assert.equal(state.asked, asked);
});
