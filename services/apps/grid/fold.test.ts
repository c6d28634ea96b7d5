import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEvent, FoldError, FREE } from './fold.ts';
import type { GameEvent, GameState } from './types.ts';

const HISTORY: GameEvent[] = [
  { kind: 'created', settings: { players: 2, size: 3, seconds: 10 } },
  { kind: 'joined', player: 'pA', name: 'Ann', seat: 0 },
  { kind: 'joined', player: 'pB', name: 'Ben', seat: 1 },
  { kind: 'left', player: 'pA', seat: 0 },
  { kind: 'joined', player: 'pC', name: 'Cem', seat: 1 },
  { kind: 'started', startedAt: 5, endsAt: 10_005 },
  { kind: 'captured', player: 'pC', seat: 1, cell: 8, scores: [0, 1] },
];

const fold = (events: GameEvent[]) =>
  events.reduce<GameState | undefined>((state, event, index) => applyEvent(state, event, index), undefined);

test('folding a history from its first event gives the state', () => {
  const state = fold(HISTORY);
  assert.equal(state?.status, 'active');
  assert.equal(state?.endsAt, 10_005);
  assert.deepEqual(state?.players, [
    { id: 'pB', name: 'Ben', score: 0 },
    { id: 'pC', name: 'Cem', score: 1 },
  ]);
  assert.deepEqual(state?.cells, [FREE, FREE, FREE, FREE, FREE, FREE, FREE, FREE, 1]);
});

test('an event leaves the state it was applied to as it was', () => {
  const before = fold(HISTORY.slice(0, 6));
  const copy = structuredClone(before);
  applyEvent(before, HISTORY[6]!, 7);
  assert.deepEqual(before, copy);
});

test('an event that cannot follow the state is refused, because the history must have a gap', () => {
  assert.throws(() => applyEvent(undefined, HISTORY[1]!, 1), FoldError);
  assert.throws(() => applyEvent(fold(HISTORY), HISTORY[0]!, 1), FoldError);
  assert.throws(() => applyEvent(fold(HISTORY), HISTORY[6]!, 1), FoldError);
  assert.throws(
    () =>
      applyEvent(
        fold(HISTORY.slice(0, 2)),
        HISTORY[4]!.kind === 'joined' ? { ...HISTORY[4]!, seat: 3 } : assert.fail(),
        1,
      ),
    FoldError,
  );
  assert.throws(
    () => applyEvent(fold(HISTORY), { kind: 'captured', player: 'pB', seat: 0, cell: 9, scores: [] }, 1),
    FoldError,
  );
});
