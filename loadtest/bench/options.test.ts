import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFlags, UsageError } from './options.ts';

const systems = (...args: string[]) => readFlags(args)!.systems.map(({ name }) => name);

test('without flags everything is measured at full size', () => {
  const { size, workloads, systems: all } = readFlags([])!;
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
  assert.deepEqual(systems('--only', 'naive,socket.io-redis'), ['naive', 'socket.io-redis']);
  assert.deepEqual(systems('--only', 'socket.io'), ['socket.io-redis', 'socket.io-streams']);
});

test('games are the players by four', () => {
  assert.equal(readFlags(['--games', '10'])!.size.players, 40);
  assert.equal(readFlags(['--players', '80'])!.size.killPlayers, 80);
});

test('a Centrifugo binary adds its two rows', () => {
  assert.deepEqual(systems('--only', 'centrif', '--centrifugo', process.execPath), [
    'centrifugo',
    'centrifugo-recovery',
  ]);
});

test('what is wrong is said in a sentence', () => {
  for (const args of [
    ['--only', 'nothing'],
    ['--only', ''],
    ['--workload', 'chess'],
    ['--size', 'huge'],
    ['--players', '10'],
    ['--players', '8', '--games', '3'],
    ['--rate', '0'],
    ['--rate', 'x'],
    ['--repetitions', '1.5'],
    ['--seconds', ''],
    ['--centrifugo', '/nowhere/at/all'],
    ['--fast'],
  ]) {
    assert.throws(
      () => readFlags(args),
      (error: Error) => error instanceof UsageError && /\.$|'$/.test(error.message),
      args.join(' '),
    );
  }
  assert.equal(readFlags(['--help']), undefined);
});
