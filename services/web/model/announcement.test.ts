import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEvent, type GameEvent, type GameState } from '../../apps/grid/grid.ts';
import { announcement } from './announcement.ts';
import { leaders, outcome } from './standings.ts';

const after = (state: GameState | undefined, ...events: GameEvent[]): GameState =>
  events.reduce((was: GameState | undefined, event) => applyEvent(was, event, 0), state) ?? assert.fail();
const created = after(undefined, { kind: 'created', settings: { players: 2, size: 3, seconds: 30 } });
const waiting = after(created, { kind: 'joined', player: 'a', name: 'Ann', seat: 0 });
const full = after(waiting, { kind: 'joined', player: 'b', name: 'Ben', seat: 1 });
const active = after(full, { kind: 'started', startedAt: 0, endsAt: 30_000 });
const captured = (seat: number, cell: number, scores: number[]): GameEvent => ({
  kind: 'captured',
  player: 'ab'.charAt(seat),
  seat,
  cell,
  scores,
});
const ahead = after(active, captured(0, 4, [1, 0]));
const level = after(ahead, captured(1, 5, [1, 1]));
const ended = (...ranks: number[]): GameState =>
  after(level, {
    kind: 'finished',
    reason: 'time',
    ranking: ranks.map((rank, seat) => {
      const [player, name] = seat === 0 ? ['a', 'Ann'] : ['b', 'Ben'];
      return { rank, player, name, score: 1 };
    }),
  });

const said = (before: GameState, now: GameState, from = 20, to = 20) =>
  announcement({ state: before, seconds: from }, { state: now, seconds: to }, 'a');

test('the start and new players are announced', () => {
  assert.equal(said(waiting, full), '2 of 2 players are here.');
  assert.equal(said(full, active), 'The game has started. 30 seconds.');
});

test('a change of the lead is announced, but not a further cell of the leader', () => {
  assert.equal(said(active, ahead), 'Ann leads with 1.');
  assert.equal(said(ahead, level), 'Ann and Ben are level with 1.');
  assert.equal(said(ahead, after(ahead, captured(0, 0, [2, 0]))), undefined);
});

test('each time milestone is announced once, and only the nearest one when several were passed', () => {
  assert.equal(said(active, active, 11, 10), '10 seconds left.');
  assert.equal(said(active, active, 10, 9), undefined);
  assert.equal(said(active, active, 31, 4), '5 seconds left.');
});

test('the end says why and who won', () => {
  assert.equal(said(level, ended(1, 2)), 'Time is up. You won.');
});

test('ties are announced as ties', () => {
  assert.equal(outcome(ended(1, 1), 'a'), 'It is a draw');
  assert.equal(outcome(ended(2, 1), 'a'), 'Ben won');
  const three = { ...ended(1, 1), players: [...level.players, { id: 'c', name: 'Cleo', score: 0 }] };
  assert.equal(outcome(three, 'a'), 'You share the win');
  assert.equal(outcome(three, 'c'), 'Ann and Ben share the win');
});

test('nobody leads before the first capture', () => {
  assert.deepEqual(leaders(active), []);
});
