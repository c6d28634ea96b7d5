import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WebSocket } from 'ws';
import { Outbox } from './outbox.ts';
import { Packet } from './packet.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function fakeSocket() {
  const sent: string[] = [];
  const socket = { OPEN: 1, readyState: 1, bufferedAmount: 0, send: (data: unknown) => sent.push(String(data)) };
  return { sent, socket, webSocket: socket as unknown as WebSocket };
}

const pong = (t: number) => Packet.of({ type: 'pong', t, now: 0 });

test('messages of the same turn leave as one frame, in order', async () => {
  const { sent, webSocket } = fakeSocket();
  const outbox = new Outbox(webSocket, 100, () => assert.fail());
  for (const t of [1, 2, 3]) outbox.push(pong(t));
  await turn();
  outbox.push(pong(4));
  await turn();
  assert.deepEqual(sent.map((frame) => JSON.parse(frame)), [
    [1, 2, 3].map((t) => ({ type: 'pong', t, now: 0 })), { type: 'pong', t: 4, now: 0 },
  ]);
});

test('a reader who lets more than the limit wait is reported', async () => {
  const { socket, webSocket } = fakeSocket();
  let overflows = 0;
  const outbox = new Outbox(webSocket, 100, () => (overflows += 1));
  socket.bufferedAmount = 100;
  outbox.push(pong(1));
  await turn();
  assert.equal(overflows, 0);
  socket.bufferedAmount = 101;
  outbox.push(pong(2));
  await turn();
  assert.equal(overflows, 1);
});

test('a crowd is written to in slices, so that others get a turn in between', async () => {
  const crowd = Array.from({ length: 1000 }, fakeSocket);
  const line = pong(1);
  for (const { webSocket } of crowd) new Outbox(webSocket, 100, () => assert.fail()).push(line);
  const counts: number[] = [];
  for (let turns = 0; turns < 6; turns += 1) {
    await turn();
    counts.push(crowd.filter(({ sent }) => sent.length === 1).length);
  }
  assert.equal(counts.at(-1), 1000);
  assert.ok(counts[0]! < 1000, 'not all in the first turn');
});
