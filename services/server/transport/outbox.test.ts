import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WebSocket } from 'ws';
import { Outbox } from './outbox.ts';
import { Packet } from './packet.ts';
import { WsSocket } from './ws-socket.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function fakeSocket() {
  const sent: string[] = [];
  const frames: Buffer[] = [];
  const write = (frame: Buffer) => {
    frames.push(frame);
    // The header of a short frame has two bytes, of a longer one four.
    sent.push(frame.subarray(frame[1]! < 126 ? 2 : 4).toString());
  };
  const socket = { OPEN: 1, readyState: 1, bufferedAmount: 0, _socket: { write } };
  return { sent, frames, socket, wsSocket: new WsSocket(socket as unknown as WebSocket) };
}

const pong = (t: number) => Packet.of({ type: 'pong', t, now: 0 });

test('messages of the same turn leave as one frame, in order', async () => {
  const { sent, wsSocket } = fakeSocket();
  const outbox = new Outbox(wsSocket, 100, () => assert.fail());
  for (const t of [1, 2, 3]) outbox.push(pong(t));
  await turn();
  outbox.push(pong(4));
  await turn();
  assert.deepEqual(
    sent.map((frame) => JSON.parse(frame)),
    [[1, 2, 3].map((t) => ({ type: 'pong', t, now: 0 })), { type: 'pong', t: 4, now: 0 }],
  );
});

test('a reader with more than the limit waiting is reported', async () => {
  const { socket, wsSocket } = fakeSocket();
  let overflows = 0;
  const outbox = new Outbox(wsSocket, 100, () => (overflows += 1));
  socket.bufferedAmount = 100;
  outbox.push(pong(1));
  await turn();
  assert.equal(overflows, 0);
  socket.bufferedAmount = 101;
  outbox.push(pong(2));
  await turn();
  assert.equal(overflows, 1);
});

test('many sockets are written to in slices, so that others get a turn in between', async () => {
  const crowd = Array.from({ length: 1000 }, fakeSocket);
  const line = pong(1);
  for (const { wsSocket } of crowd) new Outbox(wsSocket, 100, () => assert.fail()).push(line);
  const counts: number[] = [];
  for (let turns = 0; turns < 6; turns += 1) {
    await turn();
    counts.push(crowd.filter(({ sent }) => sent.length === 1).length);
  }
  assert.equal(counts.at(-1), 1000);
  assert.ok(counts[0]! < 1000, 'not all in the first turn');
});

test('a move is sent before the rest of a line to thousands, and together with it where both are due', async () => {
  const crowd = Array.from({ length: 2000 }, fakeSocket);
  const outboxes = crowd.map(({ wsSocket }) => new Outbox(wsSocket, 100, () => assert.fail()));
  const line = new Packet('message', '{"type":"message"}');
  for (const outbox of outboxes) outbox.push(line);
  await turn();
  const move = new Packet('event', '{"type":"event"}');
  for (const outbox of outboxes.slice(-4)) outbox.push(move);
  await turn();
  assert.deepEqual(
    crowd.slice(-4).map(({ sent }) => sent),
    Array(4).fill([`[${line.text},${move.text}]`]),
  );
  assert.equal(crowd[1000]!.sent.length, 0, 'the line is still on its way to others');
  for (let turns = 0; turns < 10; turns += 1) await turn();
  assert.ok(crowd.slice(0, -4).every(({ sent }) => sent.length === 1 && sent[0] === line.text));
});

test('all sockets that get the same messages are written the same bytes, made once', async () => {
  const crowd = Array.from({ length: 3 }, fakeSocket);
  const outboxes = crowd.map(({ wsSocket }) => new Outbox(wsSocket, 100, () => assert.fail()));
  const [one, two] = [pong(1), pong(2)];
  for (const outbox of outboxes) outbox.push(one);
  await turn();
  for (const packet of [one, two]) for (const outbox of outboxes) outbox.push(packet);
  await turn();
  for (const index of [0, 1]) {
    for (const { frames } of crowd) assert.equal(frames[index], crowd[0]!.frames[index]);
  }
});
