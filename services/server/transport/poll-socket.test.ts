import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Packet } from './packet.ts';
import { PollSocket } from './poll-socket.ts';

const frame = (number: number) => new Packet('message', `{"type":"message","number":${number}}`);

test('frames for a client that does not poll are joined once, at its next poll', async (t) => {
  const socket = new PollSocket('1111.abcdefgh');
  const made = t.mock.method(JSON, 'stringify');
  for (let number = 1; number <= 1000; number += 1) socket.write(frame(number));
  assert.equal(made.mock.callCount(), 0);
  const polled = await socket.poll(0);
  assert.equal(made.mock.callCount(), 1);
  const lines = typeof polled === 'object' ? polled.text.trimEnd().split('\n') : [];
  assert.deepEqual(JSON.parse(lines[0]!), { connection: '1111.abcdefgh', cursor: 1000 });
  assert.equal(lines.length, 1001);
});
