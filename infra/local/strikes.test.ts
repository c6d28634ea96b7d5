import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../tests/kit/wait.ts';
import { planReplicas } from './replica-process.ts';
import { StrikeRefused, Strikes } from './strikes.ts';

/** A cluster of two replicas whose processes return when the test says so. */
function bench({ parts = ['replica', 'redis', 'edge', 'certificate'] as const } = {}) {
  const crashed: string[] = [];
  const lines: string[] = [];
  const waiting = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
  const dead = new Set<string>();
  const strikes = new Strikes({
    parts,
    report: (line) => lines.push(line),
    rotateLeaf: async () => ({ before: '0A', after: '0B' }),
    cluster: {
      plan: { redisPort: 1, metricsPort: undefined, replicas: planReplicas(2, [1, 2, 3, 4]) },
      crash: (name) => {
        crashed.push(name);
        return !dead.has(name);
      },
      recovered: (name) => new Promise((resolve, reject) => waiting.set(name, { resolve, reject })),
    },
  });
  const refused = (part: Parameters<Strikes['strike']>[0], appId?: string) => {
    try {
      strikes.strike(part, appId, 'a test');
    } catch (error) {
      if (error instanceof StrikeRefused) return error.code;
      throw error;
    }
    return undefined;
  };
  return { strikes, crashed, lines, waiting, dead, refused };
}

test('a strike kills the process of the part, and is over when that process is ready again', async () => {
  const { strikes, crashed, waiting, lines } = bench();
  const { id, state } = strikes.strike('replica', '2222', 'a test');
  assert.deepEqual([crashed, state, lines], [['ws2'], 'under way', ['break it: killed replica 2222, asked by a test']]);
  assert.equal(strikes.latest[0]?.backAfterMs, undefined);
  waiting.get('ws2')!.resolve();
  await until(() => strikes.latest[0]?.state === 'over', 'the strike is over');
  assert.deepEqual([strikes.latest[0]?.id, strikes.latest[0]?.appId], [id, '2222']);
  assert.equal(typeof strikes.latest[0]?.backAfterMs, 'number');
  for (const [part, name] of [
    ['redis', 'redis'],
    ['edge', 'haproxy'],
  ] as const) {
    strikes.strike(part, undefined, 'a test');
    assert.equal(crashed.at(-1), name);
  }
});

test('a part that has not recovered yet, or does not run, is not struck', () => {
  const { strikes, crashed, dead, refused } = bench();
  strikes.strike('replica', '1111', 'a test');
  assert.equal(refused('replica', '1111'), 'under_way');
  assert.equal(refused('replica', '2222'), undefined);
  assert.deepEqual(crashed, ['ws1', 'ws2']);
  dead.add('redis');
  assert.equal(refused('redis'), 'not_running');
  assert.equal(strikes.latest.length, 2);
});

test('an unknown replica, and a part that is not offered, are refused by name', () => {
  const { crashed, refused } = bench({ parts: ['replica', 'redis', 'edge'] as never });
  assert.equal(refused('replica', '3333'), 'unknown_replica');
  assert.equal(refused('replica'), 'unknown_replica');
  assert.equal(refused('certificate'), 'unknown_part');
  assert.deepEqual(crashed, []);
});

test('a rotation reports both serial numbers, and a part that does not recover reports why', async () => {
  const { strikes, waiting } = bench();
  strikes.strike('certificate', undefined, 'a test');
  strikes.strike('redis', undefined, 'a test');
  waiting.get('redis')!.reject(new Error('Timed out after 30 s waiting for Redis.'));
  await until(() => strikes.latest.every(({ state }) => state !== 'under way'), 'both are settled');
  const [certificate, redis] = strikes.latest;
  assert.deepEqual([certificate?.state, certificate?.serials], ['over', { before: '0A', after: '0B' }]);
  assert.deepEqual([redis?.state, redis?.problem], ['failed', 'Timed out after 30 s waiting for Redis.']);
});
