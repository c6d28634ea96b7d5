import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Listener } from '../redis/bus.ts';
import { PollSocket } from './poll-socket.ts';
import { type Answer, Relay } from './relay.ts';

/** Redis and the bus in one: what is published is heard at once. */
function relays(onAsked: () => Promise<Answer>): [Relay, Relay] {
  const listeners = new Map<string, Listener>();
  const bus = {
    listen: (channel: string, listener: Listener) => void listeners.set(channel, listener),
    unlisten: (channel: string) => void listeners.delete(channel),
  };
  const redis = {
    spublish: async (channel: string, payload: string) => {
      setImmediate(() => listeners.get(channel)?.message(payload));
      return listeners.has(channel) ? 1 : 0;
    },
  } as unknown as ConstructorParameters<typeof Relay>[0]['redis'];
  return ['1111', '2222'].map((replica) => new Relay({ redis, bus, replica, onAsked })) as [Relay, Relay];
}

test('a request that fails at the replica that holds the connection is answered, and fails nobody else', async () => {
  const [one] = relays(() => Promise.reject(new RangeError('Maximum call stack size exceeded')));
  const asked = { kind: 'poll', connection: '2222.abcdefgh', player: 'p', cursor: 0 } as const;
  assert.deepEqual(await one.ask('2222', asked, 1000), { tag: 'gone' });
});

test('a message that is nested too deeply to be written counts as too big', () => {
  const socket = new PollSocket('1111.abcdefgh');
  let tooBig = 0;
  socket.listen({ message() {}, heard() {}, control() {}, tooBig: () => (tooBig += 1), failed() {}, closed() {} });
  const depth = 100_000;
  assert.equal(socket.receive(1, [JSON.parse('['.repeat(depth) + ']'.repeat(depth))], false), true);
  assert.equal(tooBig, 1);
});
