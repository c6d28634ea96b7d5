import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BrowserScope } from '../../client/browser.ts';
import type { WebSocketLike } from '../../client/platform.ts';
import { Network } from './network.ts';

/** A browser whose sockets and requests the test controls. */
function bench() {
  const sockets: (WebSocketLike & { sent: string[]; closed: boolean })[] = [];
  const requests: AbortSignal[] = [];
  class Socket implements WebSocketLike {
    onmessage: WebSocketLike['onmessage'] = null;
    onclose: WebSocketLike['onclose'] = null;
    onerror: WebSocketLike['onerror'] = null;
    readonly sent: string[] = [];
    closed = false;
    constructor() {
      sockets.push(this);
    }
    send(text: string): void {
      this.sent.push(text);
    }
    close(): void {
      this.closed = true;
    }
  }
  const fetch = (_url: string, { signal }: { signal?: AbortSignal }) =>
    new Promise((_, reject) => {
      requests.push(signal!);
      signal!.addEventListener('abort', () => reject(new Error('aborted')));
    });
  const network = new Network({ ...globalThis, fetch, WebSocket: Socket } as unknown as BrowserScope);
  const open = () => {
    const socket = new network.scope.WebSocket('wss://x', []) as WebSocketLike;
    const told: unknown[] = [];
    socket.onmessage = ({ data }) => told.push(data);
    socket.onclose = ({ code }) => told.push(code);
    return { socket, told };
  };
  return { network, sockets, requests, open };
}

test('a socket passes on messages in both directions, and its end', () => {
  const { sockets, open } = bench();
  const { socket, told } = open();
  socket.send('hello');
  sockets[0]!.onmessage?.({ data: 'welcome' });
  sockets[0]!.onclose?.({ code: 1012, reason: '' });
  assert.deepEqual([sockets[0]!.sent, told], [['hello'], ['welcome', 1012]]);
});

test('a cut closes the real socket, reports it once as broken, and loses all later messages', () => {
  const { network, sockets, open } = bench();
  const { socket, told } = open();
  const [real] = sockets;
  network.cut();
  socket.send('lost');
  real!.onmessage?.({ data: 'late' });
  real!.onclose?.({ code: 1000, reason: '' });
  assert.deepEqual([real!.closed, real!.sent, told], [true, [], [1006]]);
});

test('no socket and no request starts until the network is restored', async () => {
  const { network, sockets, requests, open } = bench();
  network.cut();
  assert.throws(open, /cut/);
  await assert.rejects(network.scope.fetch('https://x', {}), /cut/);
  assert.deepEqual([sockets.length, requests.length], [0, 0]);
  network.join();
  open();
  assert.equal(sockets.length, 1);
});

test('a pending request ends with a cut, and when its caller aborts it', async () => {
  const { network, requests } = bench();
  const first = network.scope.fetch('https://x', {});
  network.cut();
  await assert.rejects(first, /aborted/);
  network.join();
  const caller = new AbortController();
  const second = network.scope.fetch('https://x', { signal: caller.signal });
  caller.abort();
  await assert.rejects(second, /aborted/);
  assert.ok(requests.every(({ aborted }) => aborted));
});
