import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Strike } from '../../protocol/break-it.ts';
import { factsOf, titleOf } from './facts.ts';
import { back, isSettled, lost, missed, reached, received, type Trial } from './trial.ts';

const trialOf = (target: Trial['target']): Trial => ({
  number: 1,
  target,
  begunAt: 0,
  state: 'under way',
  replica: '2222',
  tally: { epoch: 'e', from: 10, to: 10, received: 0 },
});
const strike = (more: Partial<Strike> = {}): Strike => ({ id: 1, part: 'replica', at: 0, state: 'over', ...more });
const events = (trial: Trial, ...seqs: number[]) =>
  seqs.reduce((now, seq) => received(now, { epoch: 'e', seq }), trial);

test('events are counted once, and none is missed while they are consecutive', () => {
  const { tally } = events(trialOf('replica'), 11, 12, 12, 11, 13);
  assert.deepEqual([tally.received, missed(tally)], [3, 0]);
});

test('a gap in the events counts as missed, and so do events that the room has and the page has not', () => {
  assert.equal(missed(events(trialOf('replica'), 11, 14).tally), 2);
  const further = reached(events(trialOf('replica'), 11), { epoch: 'e', seq: 15 });
  assert.equal(missed(further.tally), 4);
  assert.equal(missed(reached(further, { epoch: 'e', seq: 12 }).tally), 4);
});

test('after a loss of data in the store, all events of the new epoch count as missed', () => {
  const { tally } = reached(events(trialOf('redis'), 11), { epoch: 'f', seq: 4 });
  assert.deepEqual([tally.epoch, missed(tally)], ['f', 4]);
});

test('only the first loss and the first return of the socket count', () => {
  const trial = back(lost(back(lost(trialOf('replica'), 100), 300, '4444'), 400), 500, '1111');
  assert.deepEqual([trial.lostAt, trial.backAt, trial.replicaAfter], [100, 300, '4444']);
  assert.equal(back(trialOf('replica'), 300, '4444').backAt, undefined);
});

test('a trial that breaks the socket is over when part and socket are back', () => {
  const struck = { ...trialOf('replica'), strike: strike() };
  assert.ok(!isSettled(struck, true));
  assert.ok(!isSettled(lost(struck, 1), true));
  assert.ok(isSettled(back(lost(struck, 1), 2, '1111'), true));
  assert.ok(!isSettled(back(lost(struck, 1), 2, '1111'), false));
  const waiting = { ...struck, strike: strike({ state: 'under way' }) };
  assert.ok(!isSettled(back(lost(waiting, 1), 2, '1111'), true));
});

test('a trial that does not break the socket is over when its part is back, unless the socket was lost too', () => {
  const struck = { ...trialOf('redis'), strike: strike({ part: 'redis' }) };
  assert.ok(isSettled(struck, true));
  assert.ok(!isSettled(lost(struck, 1), true));
  assert.ok(isSettled(back(lost(trialOf('network'), 1), 2, '2222'), true));
});

test('the result says what happened to socket, replica and events', () => {
  const done = { ...back(lost(events(trialOf('replica'), 11, 12), 100), 512, '4444'), state: 'over' as const };
  const facts = factsOf({ ...done, strike: strike({ backAfterMs: 1234 }) }, 0);
  assert.equal(titleOf(done), 'Replica 2222 killed');
  assert.match(facts[0]!.value, /^lost at \d\d:\d\d:00\.100, back after 412 ms$/);
  assert.deepEqual(
    facts.slice(1).map(({ name, value }) => `${name}: ${value}`),
    ['Replica: 2222 → 4444', '2222 itself: back after 1.23 s', 'Events missed: 0 of 2 events'],
  );
  assert.ok(!facts.at(-1)!.isBad);
});

test('a rotation shows both serial numbers, and missed events are marked', () => {
  const serials = { before: '00AA11', after: '00BB22' };
  const trial = { ...events(trialOf('certificate'), 12), state: 'over' as const, strike: strike({ serials }) };
  assert.deepEqual(
    factsOf(trial, 0).map(({ id, value, isBad }) => [id, value, isBad ?? false]),
    [
      ['socket', 'stayed open', false],
      ['serial', '…AA11 → …BB22', false],
      ['missed', '1 of 2 events', true],
    ],
  );
});
