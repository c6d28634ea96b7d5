import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capture } from '../apps/grid/grid.ts';
import { Bench, HEARTBEAT_MS, rejection } from './testing/fake-network.ts';
import { GAME } from './testing/history.ts';

const HOURS = 3 * 3_600_000;

/** Sets the clock of the machine back. Timers keep running, because no runtime's timers depend on it. */
function setBack({ clock }: Bench): void {
  const now = clock.now.bind(clock);
  clock.now = () => now() - HOURS;
}

test('requests are sent even when the clock was set back', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  const first = bench.client.send(GAME, capture(0));
  socket.say({ type: 'ack', id: socket.request('capture').id, seq: 3 });
  await first;
  await bench.clock.advance(1000);
  setBack(bench);
  void bench.client.send(GAME, capture(1)).catch(() => undefined);
  await bench.clock.advance(1000);
  assert.equal(socket.requests.length, 2);
});

test('a request times out even when the clock was set back', async () => {
  const bench = new Bench();
  await bench.open();
  const failure = rejection(bench.client.send(GAME, capture(0)));
  await bench.clock.advance(1000);
  setBack(bench);
  await bench.clock.advance(60_000);
  assert.equal((await failure).code, 'timeout');
});

test('a lost peer is noticed even when the clock was set back', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  for (let beat = 0; beat < 5; beat += 1) {
    await bench.clock.advance(HEARTBEAT_MS);
    socket.say({ type: 'pong', t: bench.clock.now(), now: bench.clock.now() });
  }
  setBack(bench);
  await bench.clock.advance(10 * HEARTBEAT_MS);
  assert.notEqual(bench.client.state, 'open');
});

test('the first pong after the machine slept corrects the server time', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  const pong = (serverNow: number, roundTripMs = 0) =>
    socket.say({ type: 'pong', t: bench.clock.now() - roundTripMs, now: serverNow });
  for (let beat = 0; beat < 8; beat += 1) pong(bench.clock.now());
  // The clock of the runtime stood still for three hours.
  pong(bench.clock.now() + HOURS, 40);
  assert.equal(bench.client.serverNow(), bench.clock.now() + HOURS + 20);
});

test('the server time runs on even when the clock of the machine was set back', async () => {
  const bench = new Bench();
  const socket = await bench.open();
  socket.say({ type: 'pong', t: bench.clock.now(), now: bench.clock.now() });
  const before = bench.client.serverNow();
  setBack(bench);
  assert.equal(bench.client.serverNow(), before);
});
