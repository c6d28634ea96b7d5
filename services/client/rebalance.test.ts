import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from './testing/fake-clock.ts';
import { Bench, HEARTBEAT_MS, PLAYER } from './testing/fake-network.ts';

test('a client that should find another replica says so in its addresses until it is welcomed', async () => {
  const bench = new Bench({ slot: 's' });
  const first = await bench.open();
  first.say({ type: 'going_away', reconnectAfterMs: 100, rebalance: true });
  first.end(1012);
  await bench.clock.advance(100);
  assert.equal(bench.socket.address, '/ws?slot=s&rebalance=1');
  // The attempt fails: the request still applies.
  bench.socket.end(1006);
  await bench.clock.advance(10_000);
  assert.equal(bench.socket.address, '/ws?slot=s&rebalance=1');
  bench.socket.welcome(bench.clock.now(), 'c2');
  bench.socket.end(1006);
  await bench.clock.advance(10_000);
  assert.equal(bench.socket.address, '/ws?slot=s');
});

test('with routing by game the socket follows the game, unless the program says otherwise', async () => {
  for (const [options, path] of [
    [{ slot: 's' }, '/ws?slot=s&game=ABCDEF'],
    [{ slot: 's', routeByGame: false }, '/ws?slot=s'],
  ] as const) {
    const bench = new Bench(options);
    const first = await bench.open();
    const limits = { messageBytes: 4096, messagesPerSecond: 30, resumeWindowMs: 120_000 };
    first.end(1006);
    await bench.clock.advance(10_000);
    bench.socket.say({
      type: 'welcome',
      protocol: 'gridlock.v1',
      replica: '1111',
      connection: 'c2',
      player: PLAYER,
      heartbeatMs: HEARTBEAT_MS,
      routeByGame: true,
      now: bench.clock.now(),
      limits,
    });
    void bench.client.create().catch(() => undefined);
    await settle();
    const { id } = bench.socket.request('create');
    bench.socket.say({ type: 'ack', id, game: 'ABCDEF', epoch: 'e1', seq: 2 });
    await settle();
    assert.equal(bench.socket.address, path);
    bench.client.close();
  }
});
