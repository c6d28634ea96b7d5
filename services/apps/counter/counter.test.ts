import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playRandomly } from '../kit/random-play.ts';
import { type CounterCommand, counter } from './counter.ts';

test('random play finds no fault and reaches every command', () => {
  const tally = playRandomly(counter, {
    settings: (random) => ({ step: 1 + Math.floor(random() * 3) }),
    command: (random): CounterCommand =>
      random() < 0.1 ? { kind: 'reset' } : { kind: 'add', times: Math.floor(random() * 19) - 9 },
  });
  for (const what of ['create', 'join', 'leave', 'add', 'reset', 'close'])
    assert.ok(tally.get(what), `${what} was reached`);
});

test('a step is added as many times as requested', () => {
  const player = { id: 'ada', name: 'Ada' };
  const state = { step: 5, value: 7, players: [player] };
  const { events } = counter.decide(state, { kind: 'add', times: -2 }, { now: 0, player });
  assert.equal(counter.evolve(state, events[0]!, 0).value, -3);
});

test('a reset sets the number to zero', () => {
  const player = { id: 'ada', name: 'Ada' };
  const state = { step: 5, value: 7, players: [player] };
  const { events } = counter.decide(state, { kind: 'reset' }, { now: 0, player });
  assert.equal(counter.evolve(state, events[0]!, 0).value, 0);
});

test('nothing is added once the counter is closed', () => {
  const player = { id: 'ada', name: 'Ada' };
  const closed = counter.evolve({ step: 5, value: 7, players: [player] }, { kind: 'closed' }, 0);
  const { refusal } = counter.decide(closed, { kind: 'add', times: 1 }, { now: 0, player });
  assert.deepEqual([refusal, counter.isOver(closed), counter.isOpen(closed)], ['game_over', true, false]);
});
