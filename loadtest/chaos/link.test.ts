import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { Link } from './link.ts';

let link: Link;
let client: Socket;
let answered: string;
let stop: () => Promise<void>;

beforeEach(async () => {
  const sockets = new Set<Socket>();
  const echo = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  link = await Link.start(() => ({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port }));
  client = connect(link.port, '127.0.0.1');
  client.on('error', () => undefined);
  answered = '';
  client.on('data', (bytes) => (answered += String(bytes)));
  await once(client, 'connect');
  stop = async () => {
    client.destroy();
    await link.stop();
    for (const socket of sockets) socket.destroy();
    echo.close();
  };
});
afterEach(() => stop());

async function answer(text: string): Promise<void> {
  while (!answered.includes(text)) await once(client, 'data');
}

test('a link without a fault passes bytes unchanged', async () => {
  client.write('one');
  await answer('one');
  client.write('two');
  await answer('onetwo');
  assert.equal(link.hindered, 0);
});

test('a link that is cut ends its connections and accepts new ones', async () => {
  client.write('one');
  await answer('one');
  const closed = new Promise((resolve) => client.on('close', resolve));
  assert.equal(link.cut(), 1);
  await closed;
  const next = connect(link.port, '127.0.0.1');
  next.write('again');
  assert.equal(String((await once(next, 'data'))[0]), 'again');
  next.destroy();
});

test('a slow link delays bytes and keeps their order', async () => {
  const delays = [60, 0, 30, 0, 0];
  link.slow(() => delays.shift() ?? 0);
  const before = performance.now();
  client.write('first');
  while (link.hindered === 0) await new Promise(setImmediate);
  client.write('second');
  await answer('firstsecond');
  assert.ok(performance.now() - before >= 60);
});

test('bytes that a silent link held back arrive when it is released, and are counted', async () => {
  link.hold();
  client.write('late');
  while (link.hindered === 0) await new Promise(setImmediate);
  assert.equal(answered, '');
  link.release();
  await answer('late');
});

test('a silent link also holds back the end of a connection', async () => {
  client.write('one');
  await answer('one');
  link.hold();
  client.end();
  client.destroy();
  await once(client, 'close');
  link.release();
  while (link.cut() > 0) await new Promise(setImmediate);
});
