import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { tapWire } from './byte-counting-proxy.ts';
import { markdown } from './measure.ts';

const MEASURED = {
  p50: 5.26,
  p99: 14,
  moves: 10,
  events: 20,
  bytesPerEvent: 288.6,
  requestsPerEvent: 0.512,
  replicaMicrosPerEvent: 700,
  edgeMicrosPerEvent: 75,
  idleBytesPerMinute: 760,
  idleRequestsPerMinute: 5.75,
  idleMicrosPerMinute: 52_000,
};

test('the table has a column for each transport and a row for each figure', () => {
  const lines = markdown([
    { ...MEASURED, transport: 'sse' },
    { ...MEASURED, transport: 'poll', p50: 7 },
  ]).split('\n');
  assert.equal(lines[0], '|  | server-sent events and POST | long polling and POST |');
  assert.equal(lines[2], '| move, round trip p50 (ms) | 5.3 | 7.0 |');
  assert.ok(lines.includes('| bytes on the wire per event | 289 | 289 |'));
  assert.ok(lines.includes('| requests per event | 0.51 | 0.51 |'));
});

test('bytes on the wire are counted in both directions', async () => {
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const wire = await tapWire((echo.address() as AddressInfo).port);
  const socket = connect(wire.port, '127.0.0.1');
  socket.write('x'.repeat(1000));
  let back = 0;
  while (back < 1000) back += ((await once(socket, 'data')) as [Buffer])[0].length;
  assert.equal(wire.bytes, 2000);
  socket.destroy();
  await wire.stop();
  echo.close();
});
