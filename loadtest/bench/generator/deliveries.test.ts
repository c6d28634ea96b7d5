import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deliveries, Stream } from './deliveries.ts';

/** Three messages to two receivers. */
function sentThree() {
  const stream = new Stream(2);
  const deliveries = new Deliveries([stream]);
  const receive = (number: number, receiver: number, latencyMs = 1) => {
    if (stream.receive(number, receiver)) deliveries.received(latencyMs, stream, number);
  };
  for (const dueAt of [10, 20, 30]) {
    stream.send(dueAt);
    deliveries.sent(stream);
  }
  return { stream, deliveries, receive };
}

test('a message that came once to all receivers is neither lost nor duplicated', () => {
  const { deliveries, receive } = sentThree();
  for (const number of [0, 1, 2]) for (const receiver of [0, 1]) receive(number, receiver, number + 1);
  assert.equal(deliveries.outstanding, 0);
  assert.deepEqual(deliveries.tally(), {
    sent: 3,
    expected: 6,
    delivered: 6,
    lost: 0,
    vanished: 0,
    duplicated: 0,
    late: 0,
    p50: 2,
    p95: 3,
    p99: 3,
  });
});

test('a message that one receiver got and another did not is lost', () => {
  const { deliveries, receive } = sentThree();
  for (const [number, receiver] of [
    [0, 0],
    [0, 1],
    [1, 1],
    [2, 0],
    [2, 1],
  ] as const)
    receive(number, receiver);
  const { lost, vanished, delivered } = deliveries.tally();
  assert.deepEqual({ lost, vanished, delivered }, { lost: 1, vanished: 0, delivered: 5 });
});

test('a message that no receiver got has vanished, or is lost if its sender got an acknowledgement', () => {
  const { stream, deliveries, receive } = sentThree();
  for (const receiver of [0, 1]) receive(0, receiver);
  stream.acknowledge(1);
  const { lost, vanished } = deliveries.tally();
  assert.deepEqual({ lost, vanished }, { lost: 2, vanished: 1 });
});

test('each repetition is counted, and the time is that of the first delivery', () => {
  const { deliveries, receive } = sentThree();
  for (const number of [0, 1, 2]) for (const receiver of [0, 1]) receive(number, receiver);
  for (let times = 0; times < 3; times += 1) receive(1, 1, 500);
  const { duplicated, delivered, p99 } = deliveries.tally();
  assert.deepEqual({ duplicated, delivered, p99 }, { duplicated: 3, delivered: 6, p99: 1 });
});

test('a delivery that takes longer than a second is late', () => {
  const { deliveries, receive } = sentThree();
  receive(0, 0, 1000);
  receive(0, 1, 1001);
  assert.equal(deliveries.tally().late, 1);
});

test('a number that was never sent is not counted, and earlier messages are not part of a measurement', () => {
  const { stream, receive } = sentThree();
  receive(3, 0);
  receive(-1, 0);
  const second = new Deliveries([stream]);
  assert.equal(second.tally().sent, 0);
  stream.send(40);
  assert.equal(second.tally().vanished, 1);
});

test('earlier messages are not waited for', () => {
  const { stream } = sentThree();
  const second = new Deliveries([stream]);
  stream.send(40);
  second.sent(stream);
  if (stream.receive(0, 0)) second.received(30, stream, 0);
  assert.deepEqual([second.count, second.outstanding], [1, 2]);
});

test('a stream holds any number of messages', () => {
  const stream = new Stream(2);
  for (let number = 0; number < 1000; number += 1) {
    assert.equal(stream.send(number), number);
    assert.equal(stream.receive(number, 1), true);
  }
  assert.deepEqual([stream.dueAt(999), stream.times(999, 1), stream.times(999, 0)], [999, 1, 0]);
});
