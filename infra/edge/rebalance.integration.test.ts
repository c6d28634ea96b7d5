import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { type Edge, startEdge } from './testing.ts';

async function openSocket({ config, ca }: Edge, query: string, cookie?: string) {
  const headers = cookie === undefined ? {} : { Cookie: cookie };
  const socket = new WebSocket(`wss://127.0.0.1:${config.port}/ws${query}`, { ca, headers });
  const [[response], [greeting]] = await Promise.all([once(socket, 'upgrade'), once(socket, 'message')]);
  const set = [(response as { headers: Record<string, string[] | string> }).headers['set-cookie']].flat();
  return { socket, replica: String(greeting), cookie: set[0]?.split(';')[0] };
}

test('a client that was asked to move is not led back by its cookie, and stays at its new replica', async () => {
  const edge = await startEdge();
  try {
    const first = await openSocket(edge, '?slot=0');
    // Its replica has more sockets than the other.
    const back = await openSocket(edge, '?slot=0', first.cookie);
    assert.equal(back.replica, first.replica);
    const moved = await openSocket(edge, '?slot=0&rebalance=1', `mine=1; ${first.cookie}; other=2`);
    assert.notEqual(moved.replica, first.replica);
    const next = await openSocket(edge, '?slot=0', moved.cookie);
    assert.equal(next.replica, moved.replica);
    for (const { socket } of [first, back, moved, next]) socket.terminate();
  } finally {
    await edge.close();
  }
});
