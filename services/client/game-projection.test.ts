import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counter } from '../apps/counter/counter.ts';
import type { ServerMessageOf } from '../protocol/index.ts';
import { GameProjection } from './game-projection.ts';

const snapshot = (epoch: string, seq: number, value: number): ServerMessageOf<'snapshot'> => ({
  type: 'snapshot',
  game: 'AAAAAA',
  epoch,
  seq,
  now: 1,
  state: { step: 1, value, players: [] },
});
const event = (epoch: string, seq: number, fields: object = {}): ServerMessageOf<'event'> => ({
  type: 'event',
  game: 'AAAAAA',
  epoch,
  seq,
  at: 1,
  event: { kind: 'added', player: 'ada', amount: 1 },
  ...fields,
});

test('a room whose end the store lost goes on', () => {
  const projection = new GameProjection('AAAAAA', counter);
  projection.replace(snapshot('e1', 2, 0));
  projection.apply(event('e1', 3, { over: true }));
  assert.equal(projection.completed, true);
  projection.replace(snapshot('e2', 2, 0));
  assert.equal(projection.completed, false);
});

test('the last good state of a room stays visible while the state turns out wrong again and again', () => {
  const projection = new GameProjection('AAAAAA', counter);
  projection.replace(snapshot('e1', 2, 7));
  for (const seq of [3, 4]) {
    const { error } = projection.apply(event('e1', seq, { event: { kind: 'added', player: 'ada', amount: 'x' } }));
    assert.ok(seq === 4 || error);
    projection.adoptType({ ...counter });
    assert.equal((projection.latest!.state as { value: number }).value, 7);
  }
});
