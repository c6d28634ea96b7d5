import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counter } from '../counter/counter.ts';
import { grid } from '../grid/grid.ts';
import { playRandomly } from './random-play.ts';

const play = {
  settings: () => ({ step: 2 }),
  command: (random: () => number) => ({ kind: 'add' as const, times: Math.floor(random() * 9) }),
  rooms: 5,
};

test('the capture game is sound until its games are over', () => {
  const tally = playRandomly(grid, {
    settings: (random) => ({ players: 2 + Math.floor(random() * 2), size: 3, seconds: 30 }),
    command: (random) =>
      random() < 0.3
        ? { kind: 'introduce' as const, bot: 'easy' as const }
        : { kind: 'capture' as const, cell: Math.floor(random() * 10) },
  });
  for (const what of [
    'capture',
    'introduce',
    'cell_taken',
    'game_full',
    'game_not_active',
    'deadline',
    'leave',
    'close',
  ])
    assert.ok(tally.get(what), `${what} was reached`);
});

test('a decision that depends on chance or on the clock is found', () => {
  const decide: typeof counter.decide = (...given) => {
    const { events } = counter.decide(...given);
    return { events: events.map((event) => (event.kind === 'added' ? { ...event, amount: Math.random() } : event)) };
  };
  assert.throws(() => playRandomly({ ...counter, decide }, play), /"counter": decide\(.*\) gave two different results/);
});

test('a state that is changed in place is found', () => {
  const evolve: typeof counter.evolve = (state, event, at) => {
    if (event.kind !== 'added') return counter.evolve(state, event, at);
    return Object.assign(state!, { value: state!.value + event.amount });
  };
  assert.throws(() => playRandomly({ ...counter, evolve }, play), /evolve\(.*\) changes its arguments/);
});

test('an event that its own schema does not allow is found', () => {
  const decide: typeof counter.decide = (state, command, context) => {
    const { events } = counter.decide(state, command, context);
    return { events: command.kind === 'add' ? [{ kind: 'added', player: 'ada', amount: '1' } as never] : events };
  };
  assert.throws(() => playRandomly({ ...counter, decide }, play), /is not in the schema/);
});

test('a state that JSON does not preserve is found', () => {
  const evolve: typeof counter.evolve = (state, event, at) => ({
    ...counter.evolve(state, event, at),
    since: new Date(0),
  });
  assert.throws(() => playRandomly({ ...counter, evolve }, play), /is not a JSON value/);
});

test('a state that its own schema does not allow is found', () => {
  const evolve: typeof counter.evolve = (state, event, at) => ({
    ...counter.evolve(state, event, at),
    step: 'one' as never,
  });
  assert.throws(() => playRandomly({ ...counter, evolve }, play), /the state after .* is not in its schema/);
});

test('memory outside the state is found', () => {
  let value = 0;
  const evolve: typeof counter.evolve = (state, event, at) => {
    value += 1;
    return { ...counter.evolve(state, event, at), value };
  };
  assert.throws(() => playRandomly({ ...counter, evolve }, play), /the replay gives a different state/);
});

test('a room that goes on after it was closed is found', () => {
  const close: typeof counter.close = () => [{ kind: 'cleared', player: 'ada' }];
  assert.throws(() => playRandomly({ ...counter, close }, play), /the room goes on after close\(\)/);
});

test('a member who is listed twice is found', () => {
  const members: typeof counter.members = ({ players }) => [...players, ...players];
  assert.throws(() => playRandomly({ ...counter, members }, play), /somebody is a member twice/);
});
