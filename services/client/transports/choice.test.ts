import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transport } from '../../protocol/index.ts';
import { KEEP_MS, TransportChoice } from './choice.ts';

const ALL: readonly Transport[] = ['websocket', 'sse', 'poll'];

function choose(transports = ALL) {
  const clock = { now: 0 };
  const choice = new TransportChoice(transports, () => clock.now);
  /** The transports chosen for a row of attempts: `+` works, `-` does not. */
  const attempts = (ends: string): Transport[] =>
    [...ends].map((end) => {
      const transport = choice.next();
      if (end === '+') choice.worked();
      else choice.failed();
      return transport;
    });
  return { choice, clock, attempts };
}

test('the next transport is tried after two connections that never began, and the first one after the last', () => {
  assert.deepEqual(choose().attempts('-------'), ['websocket', 'websocket', 'sse', 'sse', 'poll', 'poll', 'websocket']);
});

test('a transport that worked is kept, even if it fails now and then', () => {
  assert.deepEqual(choose().attempts('--+-+--+').slice(2), Array(6).fill('sse'));
});

test('a transport that has worked is given up only after six failures: the server may be down', () => {
  const { choice, attempts } = choose();
  assert.deepEqual(attempts('+------').at(-1), 'websocket');
  assert.equal(choice.next(), 'sse');
});

test('after a while the best transport is tried again, once, and then after longer and longer times', () => {
  const { clock, attempts } = choose();
  attempts('--+');
  clock.now = KEEP_MS - 1;
  assert.deepEqual(attempts('+'), ['sse']);
  clock.now = KEEP_MS;
  assert.deepEqual(attempts('-++'), ['websocket', 'sse', 'sse']);
  clock.now += 2 * KEEP_MS - 1;
  assert.deepEqual(attempts('+'), ['sse']);
  clock.now += 1;
  assert.deepEqual(attempts('++'), ['websocket', 'websocket']);
});

test('with one transport there is nothing to choose', () => {
  assert.deepEqual(choose(['poll']).attempts('----+-'), Array(6).fill('poll'));
});
