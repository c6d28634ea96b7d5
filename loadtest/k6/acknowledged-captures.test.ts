import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AcknowledgedCaptures } from './acknowledged-captures.ts';

const promise = { game: 'AAAAAA', epoch: 'e1', seq: 5, cell: 2 };
const state = (cells: number[]) => ({
  cells,
  players: [
    { id: 'me', name: 'Me', score: 0 },
    { id: 'you', name: 'You', score: 0 },
  ],
});
const seen = (player: string, cell: number, seq = 5) => ({
  game: 'AAAAAA',
  epoch: 'e1',
  seq,
  captured: { player, cell },
  state: state([]),
});

test('a capture that is delivered in its place is kept, before or after its acknowledgement', () => {
  const [before, after] = [new AcknowledgedCaptures(), new AcknowledgedCaptures()];
  before.saw('me', seen('me', 2), true);
  before.acknowledged(promise);
  after.acknowledged(promise);
  after.saw('me', seen('me', 2), true);
  assert.deepEqual([before.close(), after.close()], [0, 0]);
});
test("a capture is lost when another player's is in its place", () => {
  const captures = new AcknowledgedCaptures();
  captures.acknowledged(promise);
  captures.saw('me', seen('you', 2), true);
  assert.equal(captures.lost, 1);
});
test('a capture that was acknowledged for another cell is lost', () => {
  const captures = new AcknowledgedCaptures();
  captures.saw('me', seen('me', 3), true);
  captures.acknowledged(promise);
  assert.equal(captures.lost, 1);
});
test('a state that stands for the events before it must hold the acknowledged captures', () => {
  const at = (cells: number[], seq: number) => {
    const captures = new AcknowledgedCaptures();
    captures.acknowledged(promise);
    captures.saw('me', { game: 'AAAAAA', epoch: 'e1', seq, state: state(cells) }, false);
    return captures.lost;
  };
  assert.deepEqual([at([-1, -1, 0], 9), at([-1, -1, 1], 9), at([-1, -1, -1], 4)], [0, 1, 0]);
});
test('a state of a later epoch without it has lost it', () => {
  const captures = new AcknowledgedCaptures();
  captures.acknowledged(promise);
  captures.saw('me', { game: 'AAAAAA', epoch: 'e2', seq: 1, state: state([-1, -1, -1]) }, false);
  assert.equal(captures.lost, 1);
});
test('an acknowledged capture that never arrived is lost at the end', () => {
  const captures = new AcknowledgedCaptures();
  captures.acknowledged(promise);
  assert.equal(captures.lost, 0);
  assert.equal(captures.close(), 1);
});
