import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../infra/usage-error.ts';
import { type BenchOptions, planBench } from './options.ts';

const systems = (options: BenchOptions) => planBench(options).systems.map(({ name }) => name);

test('without flags everything is measured at full size', () => {
  const { size, workloads, systems: all } = planBench({});
  assert.equal(size.players, 1000);
  assert.deepEqual(workloads, ['moves', 'chat', 'idle', 'kill', 'max']);
  for (const name of [
    'gridlock-stateless-always',
    'gridlock-stateful-together-always',
    'naive',
    'socket.io-redis',
    'socket.io-streams',
    'colyseus',
    'bare-ws',
  ]) {
    assert.ok(
      all.some((system) => system.name === name),
      name,
    );
  }
});

test('a system is named whole, or by a part for all that contain it', () => {
  assert.deepEqual(systems({ only: 'naive,socket.io-redis' }), ['naive', 'socket.io-redis']);
  assert.deepEqual(systems({ only: 'socket.io' }), ['socket.io-redis', 'socket.io-streams']);
});

test('a measurement on request must be named explicitly', () => {
  assert.ok(!systems({}).some((name) => /cluster|counter/.test(name)));
  assert.ok(!systems({ only: 'gridlock' }).some((name) => /cluster|counter/.test(name)));
  assert.deepEqual(systems({ only: 'gridlock-stateless-cluster-always' }), ['gridlock-stateless-cluster-always']);
  const clusters = systems({ only: 'cluster' });
  assert.ok(clusters.length > 1 && clusters.every((name) => name.includes('cluster')), clusters.join());
  assert.deepEqual(planBench({ workload: 'curve,soak,growth' }).workloads, ['curve', 'growth', 'soak']);
  assert.equal(planBench({ minutes: 3 }).size.soak.minutes, 3);
});

test('the number of games is a quarter of the players', () => {
  assert.equal(planBench({ games: 10 }).size.players, 40);
  assert.equal(planBench({ players: 80 }).size.killPlayers, 80);
});

test('a Centrifugo binary adds its two rows', () => {
  assert.deepEqual(systems({ only: 'centrif', centrifugo: process.execPath }), ['centrifugo', 'centrifugo-recovery']);
});

test('wrong options are refused with a sentence', () => {
  const wrong: BenchOptions[] = [
    { only: 'nothing' },
    { only: '' },
    { workload: 'chess' },
    { players: 10 },
    { players: 8, games: 3 },
  ];
  for (const options of wrong) {
    assert.throws(
      () => planBench(options),
      (error: Error) => error instanceof UsageError && /\.$/.test(error.message),
      JSON.stringify(options),
    );
  }
});
