import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerMessage } from '../../services/protocol/index.ts';
import { SequenceCheck } from './sequence-check.ts';
import { TappedMessages } from './tapped-messages.ts';

const event = (seq: number) => ({ type: 'event', game: 'AAAAAA', epoch: 'e1', seq }) as ServerMessage;

test('every message of a frame is observed when the SDK takes it, one after the other', () => {
  const order: string[] = [];
  for (const message of new TappedMessages([event(1), event(2)], () => order.push('shown'))) order.push(message.type);
  assert.deepEqual(order, ['shown', 'event', 'shown', 'event']);
  assert.equal(new TappedMessages([event(1)], () => undefined).length, 1);
});
test('messages of a frame that a client did not take may come again without being duplicates', () => {
  const wire = new SequenceCheck();
  const take = (messages: ServerMessage[], count: number) => {
    for (const _ of new TappedMessages(messages, (message) => wire.receive(message))) if (--count === 0) return;
  };
  take([event(1), event(2), event(3)], 1);
  take([event(2), event(3)], 2);
  assert.deepEqual(wire.faults, { gaps: 0, duplicates: 0, chatGaps: 0 });
  take([event(3)], 1);
  assert.equal(wire.faults.duplicates, 1);
});
