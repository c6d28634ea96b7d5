import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerMessage } from '../../protocol/index.ts';
import { type Sheddable, Shedding } from './shedding.ts';

class Socket implements Sheddable {
  readonly player: { id: string };
  readonly sent: ServerMessage[] = [];
  isOpen = true;
  isBusy = false;
  closedAs: string | undefined;

  constructor(id: string) {
    this.player = { id };
  }

  send(message: ServerMessage): void {
    this.sent.push(message);
  }

  close(name: string): void {
    this.isOpen = false;
    this.closedAs = name;
  }
}

const shedding = (random: () => number) => new Shedding<Socket>({ random });

test('a client that is sent away is told to come back elsewhere, and its socket is closed with service restart', async () => {
  const [socket, own] = [new Socket('a'), shedding(() => 0)];
  own.shed([socket], 'mean');
  while (own.pending > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.deepEqual(socket.sent, [{ type: 'going_away', reconnectAfterMs: 0, rebalance: true }]);
  assert.equal(socket.closedAs, 'serviceRestart');
});

test('sockets with a pending request are not chosen, nor those that were sent away and came back', () => {
  const [busy, back, other] = [new Socket('a'), new Socket('b'), new Socket('c')];
  const own = shedding(() => 0.5);
  busy.isBusy = true;
  own.shed([new Socket('b')], 'mean');
  assert.deepEqual(own.choose([busy, back, other], 3), [other]);
  own.stop();
});

test('a request that comes after the choice is answered before the socket is closed', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  context.mock.method(performance, 'now', () => 0);
  const [socket, own] = [new Socket('a'), shedding(() => 0)];
  own.shed([socket], 'probe');
  socket.isBusy = true;
  context.mock.timers.tick(60);
  assert.equal(socket.isOpen, true);
  socket.isBusy = false;
  context.mock.timers.tick(60);
  assert.deepEqual([socket.isOpen, own.pending], [false, 0]);
});

test('the choice is random among all sockets', () => {
  const sockets = Array.from({ length: 10 }, (_, index) => new Socket(String(index)));
  const draws = [0.95, 0.15, 0.55];
  const chosen = shedding(() => draws.shift()!)
    .choose(sockets, 3)
    .map(({ player: { id } }) => id);
  assert.deepEqual(chosen, ['9', '1', '4']);
});
