import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { playRandomly } from '../kit/random-play.ts';
import { COLOURS, type Command, KEPT, MOST_PLAYERS, STROKE_POINTS, type State } from './types.ts';
import { whiteboard } from './whiteboard.ts';

const ADA = { id: 'ada', name: 'Ada' };
const EMPTY: State = { name: 'Plans', strokes: [], points: 0, next: 1, players: [ADA] };
const stroke = (points: number, colour: (typeof COLOURS)[number] = 'ink') => ({
  kind: 'draw' as const,
  colour,
  width: 4,
  points: Array.from({ length: points }, (_, index) => [index, 2 * index] as [number, number]),
});

function act(state: State, command: Command): State {
  const { events, refusal } = whiteboard.decide(state, command, { now: 0, player: ADA });
  assert.equal(refusal, undefined);
  return events.reduce((before, event) => whiteboard.evolve(before, event, 0), state);
}

test('random play finds no fault and reaches every command and refusal', () => {
  const tally = playRandomly(whiteboard, {
    settings: () => ({ name: 'Plans' }),
    command: (random): Command => {
      const dice = random();
      if (dice < 0.1) return { kind: 'clear' };
      if (dice < 0.3) return { kind: 'erase', stroke: 1 + Math.floor(random() * 30) };
      return stroke(1 + Math.floor(random() * 5), COLOURS[Math.floor(random() * COLOURS.length)]!);
    },
  });
  for (const what of ['join', 'leave', 'draw', 'erase', 'clear', 'no_such_stroke', 'board_empty'])
    assert.ok(tally.get(what), `${what} was reached`);
});

test('a stroke has a unique id, even after an earlier one was erased', () => {
  const drawn = act(act(EMPTY, stroke(2)), stroke(3));
  const again = act(act(act(drawn, { kind: 'erase', stroke: 2 }), stroke(1)), stroke(1));
  assert.deepEqual([again.strokes.map(({ id }) => id), again.points], [[1, 3, 4], 4]);
});

test('a board with too many strokes drops the oldest', () => {
  let state = EMPTY;
  for (let count = 0; count < KEPT.strokes + 5; count += 1) state = act(state, stroke(1));
  assert.deepEqual([state.strokes.length, state.strokes[0]!.id, state.points], [KEPT.strokes, 6, KEPT.strokes]);
});

test('a board with too many points drops its oldest strokes as a whole', () => {
  let state = EMPTY;
  const fit = KEPT.points / STROKE_POINTS;
  for (let count = 0; count < fit; count += 1) state = act(state, stroke(STROKE_POINTS));
  assert.equal(state.points, KEPT.points);
  state = act(state, stroke(1));
  assert.deepEqual([state.strokes[0]!.id, state.points], [2, KEPT.points - STROKE_POINTS + 1]);
});

test('a full board fits into the largest state that a room may have', () => {
  const points = Array.from({ length: KEPT.points / KEPT.strokes }, () => [1600, 900] as [number, number]);
  let state: State = {
    ...EMPTY,
    players: Array.from({ length: MOST_PLAYERS }, (_, index) => ({
      id: `${index}`.padEnd(12, 'x'),
      name: 'N'.repeat(24),
    })),
  };
  for (let count = 0; count < KEPT.strokes; count += 1) {
    state = act({ ...state, next: 1_000_000 + count }, { kind: 'draw', colour: 'purple', width: 60, points });
  }
  assert.deepEqual([state.strokes.length, state.points], [KEPT.strokes, KEPT.points]);
  assert.ok(JSON.stringify(state).length < 131_072, `${JSON.stringify(state).length} bytes`);
});

test('the schema refuses a stroke off the board, without points or with too many', () => {
  const { points, ...rest } = stroke(1);
  const is = (given: unknown) => v.is(whiteboard.command, { ...rest, points: given });
  assert.deepEqual(
    [is(points), is([[1601, 0]]), is([]), is(stroke(STROKE_POINTS + 1).points)],
    [true, false, false, false],
  );
});

test('nobody can join a full board', () => {
  const players = Array.from({ length: MOST_PLAYERS }, (_, index) => ({ id: `p${index}`, name: 'P' }));
  const { refusal } = whiteboard.decide({ ...EMPTY, players }, { kind: 'join' }, { now: 0, player: ADA });
  assert.equal(refusal, 'game_full');
  assert.equal(whiteboard.isOpen({ ...EMPTY, players }), false);
});
