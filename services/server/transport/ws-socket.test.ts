import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { until } from '../../../tests/kit/wait.ts';
import { Packet } from './packet.ts';
import { BOUNDED } from './upgrade.ts';
import { WsSocket, writeFrame } from './ws-socket.ts';

test('ws still writes to the private field that whole frames are written to, and queues nothing before it', async (t) => {
  const http = createServer().listen(0, '127.0.0.1');
  t.after(() => http.close());
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  t.after(() => client.terminate());
  const received: string[] = [];
  client.on('message', (data) => received.push(String(data)));
  const [request, raw, head] = (await once(http, 'upgrade')) as [never, Duplex, Buffer];
  const socket = await new Promise<WebSocket>((resolve) => {
    new WebSocketServer(BOUNDED).handleUpgrade(request, raw, head, resolve);
  });

  assert.equal((socket as unknown as { _socket: unknown })._socket, raw, 'the field holds the upgraded socket');
  const whole = new WsSocket(socket);
  const large = 'x'.repeat(70_000);
  socket.send('1');
  whole.write(new Packet('pong', '2'));
  socket.ping();
  writeFrame(socket, new Packet('pong', large).frame);
  socket.send('4');
  await until(() => received.length === 4, 'all frames arrive');
  assert.deepEqual(received, ['1', '2', large, '4']);
});
