import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerMessage } from '../../services/protocol/index.ts';
import { SequenceCheck } from './sequence-check.ts';

const event = (seq: number, epoch = 'e1') => ({ type: 'event', game: 'AAAAAA', epoch, seq }) as ServerMessage;
const snapshot = (seq: number, recovered?: false) =>
  ({
    type: 'snapshot',
    game: 'AAAAAA',
    epoch: 'e1',
    seq,
    ...(recovered === false ? { recovered } : {}),
  }) as ServerMessage;
const chat = (seq: number) => ({ type: 'message', channel: 'lobby', epoch: 'e1', seq }) as ServerMessage;
const faultsOf = (...messages: ServerMessage[]) => {
  const wire = new SequenceCheck();
  for (const message of messages) wire.receive(message);
  return wire.faults;
};
const NONE = { gaps: 0, duplicates: 0, chatGaps: 0 };

test('events that follow each other and a snapshot are as they should be', () => {
  assert.deepEqual(faultsOf(snapshot(3), event(4), event(5), event(1, 'e2'), event(2, 'e2')), NONE);
});
test('every event that was left out counts', () => {
  assert.deepEqual(faultsOf(snapshot(3), event(4), event(7)), { ...NONE, gaps: 2 });
});
test('an event that comes again counts', () => {
  assert.deepEqual(faultsOf(snapshot(3), event(4), event(4)), { ...NONE, duplicates: 1 });
});
test('a repeat that fills a requested hole is not a duplicate', () => {
  assert.deepEqual(faultsOf(snapshot(3), event(4), event(6), event(5), event(6), event(7)), { ...NONE, gaps: 1 });
});
test('an inexact resume counts the missed events', () => {
  assert.deepEqual(faultsOf(snapshot(3), event(4), snapshot(9, false)), { ...NONE, gaps: 5 });
});
test('lines in a history after an absence count as caught up, those in the first history do not', () => {
  const history = (epoch: string, ...seqs: number[]) =>
    ({ type: 'history', channel: 'lobby', epoch, messages: seqs.map((seq) => ({ seq })) }) as ServerMessage;
  const wire = new SequenceCheck();
  for (const message of [history('e1', 1, 2, 3), chat(4), history('e1', 3, 4, 5, 6), chat(7), history('e2', 1)])
    wire.receive(message);
  assert.deepEqual([wire.caughtUp, wire.faults], [2, NONE]);
});
test('a missing line of chat counts, and a repeated line after a resume does not', () => {
  assert.deepEqual(faultsOf(chat(1), chat(2), chat(2), chat(4)), { ...NONE, chatGaps: 1 });
});
