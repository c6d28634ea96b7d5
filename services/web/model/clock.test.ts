import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEvent, type GameState } from '../../apps/grid/grid.ts';
import { clockFace, formatClock } from './clock.ts';

const settings = { players: 2, size: 3, seconds: 30 };
const waiting = applyEvent(undefined, { kind: 'created', settings }, 1000);
const active = applyEvent(waiting, { kind: 'started', startedAt: 10_000, endsAt: 40_000 }, 10_000);
const finishedAt = (at: number): GameState =>
  applyEvent(active, { kind: 'finished', reason: 'board', ranking: [] }, at);

test('the clock is full until the game starts, however long that takes', () => {
  assert.deepEqual(clockFace(waiting, 999_999), { seconds: 30, fraction: 1, urgent: false });
});

test('the clock counts down to the end by the time of the server', () => {
  assert.deepEqual(clockFace(active, 25_000), { seconds: 15, fraction: 0.5, urgent: false });
  assert.equal(clockFace(active, 39_001).seconds, 1);
});

test('the clock never shows less than zero or more than the whole time', () => {
  assert.deepEqual(clockFace(active, 50_000), { seconds: 0, fraction: 0, urgent: true });
  assert.deepEqual(clockFace(active, 9_000), { seconds: 30, fraction: 1, urgent: false });
});

test('the last five seconds are urgent', () => {
  assert.equal(clockFace(active, 34_999).urgent, false);
  assert.equal(clockFace(active, 35_000).urgent, true);
});

test('a board that fills up early stops the clock', () => {
  assert.deepEqual(clockFace(finishedAt(20_000), 39_000), { seconds: 20, fraction: 20 / 30, urgent: false });
});

test('the clock shows minutes from one minute up', () => {
  assert.deepEqual([0, 9, 59, 60, 65, 300].map(formatClock), ['0 s', '9 s', '59 s', '1:00', '1:05', '5:00']);
});
