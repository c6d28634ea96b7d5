import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEvent, type GameEvent, type GameState } from '../../apps/grid/grid.ts';
import { cueBetween, type Felt, hasWon } from './cues.ts';

const CODE = 'K7MPQ2';

const play = (...events: GameEvent[]): GameState =>
  events.reduce<GameState | undefined>((state, event) => applyEvent(state, event, 1000), undefined)!;
const OPENING: readonly GameEvent[] = [
  { kind: 'created', settings: { players: 2, size: 3, seconds: 30 } },
  { kind: 'joined', player: 'ann', name: 'Ann', seat: 0 },
  { kind: 'joined', player: 'ben', name: 'Ben', seat: 1 },
];
const STARTED: GameEvent = { kind: 'started', startedAt: 1000, endsAt: 31_000 };
const finished = (ann: number, ben: number): GameEvent => ({
  kind: 'finished',
  reason: 'time',
  ranking: [
    { rank: ann >= ben ? 1 : 2, player: 'ann', name: 'Ann', score: ann },
    { rank: ben >= ann ? 1 : 2, player: 'ben', name: 'Ben', score: ben },
  ],
});
const waiting = play(...OPENING);
const active = play(...OPENING, STARTED);
const over = (ann: number, ben: number) => play(...OPENING, STARTED, finished(ann, ben));

const felt = (state: GameState, more: Partial<Felt> = {}): Felt => ({
  ...{ code: CODE, state, now: 1500, pending: 0, refused: false },
  ...more,
});

test('the cue for a cell plays when it is requested, not when the answer comes', () => {
  assert.equal(cueBetween(felt(active), felt(active, { pending: 1 }), 'ann'), 'capture');
  assert.equal(cueBetween(felt(active, { pending: 1 }), felt(active), 'ann'), undefined);
});

test('a refusal, the start and the end have different cues, and only a winner hears the fanfare', () => {
  assert.equal(cueBetween(felt(active, { pending: 1 }), felt(active, { refused: true }), 'ann'), 'refused');
  assert.equal(cueBetween(felt(waiting), felt(active), 'ann'), 'start');
  assert.equal(cueBetween(felt(active), felt(over(5, 4)), 'ann'), 'win');
  assert.equal(cueBetween(felt(active), felt(over(5, 4)), 'ben'), 'end');
  assert.equal(cueBetween(felt(active), felt(over(5, 4)), undefined), 'end');
});

test('a game that has just come onto the page is silent', () => {
  assert.equal(cueBetween(undefined, felt(over(5, 4)), 'ann'), undefined);
  assert.equal(cueBetween(felt(active), felt(over(5, 4), { code: 'ABCDEF' }), 'ann'), undefined);
  assert.equal(cueBetween(felt(active), undefined, 'ann'), undefined);
});

test('a page that reloads, and receives the game again, celebrates nothing twice', () => {
  const later = { now: 60_000 };
  assert.equal(cueBetween(felt(waiting, later), felt(active, later), 'ann'), undefined);
  assert.equal(cueBetween(felt(active, later), felt(over(5, 4), later), 'ann'), undefined);
});

test('a draw of all players has no winner', () => {
  assert.equal(hasWon(over(4, 4), 'ann'), false);
  assert.equal(hasWon(over(5, 4), 'ann'), true);
  assert.equal(hasWon(active, 'ann'), false);
});
