import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import { capture, FREE, type Grid, grid } from '../../apps/grid/grid.ts';
import { createClient, type GridlockClient } from '../../client/node.ts';
import type { Transport } from '../../protocol/index.ts';
import type { Replica } from '../replica.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, startTestReplica } from '../testing/replica.ts';
import { type Spread, type SpreadOptions, startSpread } from '../testing/spread.ts';

const FALLBACKS: readonly Transport[] = ['sse', 'poll'];
let redis: TestRedis;

before(async () => {
  redis = await startRedis();
});
after(async () => {
  await redis?.stop();
});

async function spreadOver(t: TestContext, replicas: readonly Replica[], options: Partial<SpreadOptions> = {}) {
  const spread = await startSpread({ targets: replicas.map(({ url }) => url), ...options });
  t.after(() => spread.stop());
  return spread;
}

async function player(
  t: TestContext,
  { url }: Pick<Spread, 'url'>,
  transports: readonly Transport[],
  name = 'Ada',
): Promise<GridlockClient> {
  // What stands between chooses without a look at the game: it would be taken to and fro by addresses that name it.
  const own = { backoffBaseMs: 5, requestTimeoutMs: 10_000, routeByGame: false };
  const client = createClient({ room: grid, url, name, transports, ...own });
  t.after(() => client.close());
  await client.connect();
  return client;
}

async function playOut(clients: readonly GridlockClient<Grid>[], game: string): Promise<void> {
  await Promise.all(
    clients.map(async (client, index) => {
      for (;;) {
        const state = client.room(game)?.state;
        if (state?.status === 'completed') return;
        const free = state?.cells.flatMap((seat, cell) => (seat === FREE ? [cell] : [])) ?? [];
        if (free.length === 0)
          return void (await until(() => client.room(game)?.state.status === 'completed', 'the end'));
        await client.send(game, capture(free[(index * 7) % free.length]!)).catch((error: { code: string }) => {
          if (!['cell_taken', 'game_over'].includes(error.code)) throw error;
        });
      }
    }),
  );
}

for (const design of DESIGNS) {
  for (const transport of FALLBACKS) {
    test(`${design}: a game is played by ${transport} while each request goes to another replica`, async (t) => {
      const replicas = await Promise.all(['a1', 'a2', 'a3'].map((id) => startTestReplica(redis.url, id, { design })));
      t.after(() => Promise.all(replicas.map((replica) => replica.drain())));
      const spread = await spreadOver(t, replicas);
      const clients = [await player(t, spread, [transport]), await player(t, spread, [transport], 'Bob')];
      const { code: game } = await clients[0]!.create({ players: 2, size: 5, seconds: 60 });
      await clients[1]!.join(game);
      await until(() => clients.every((client) => client.room(game)?.state.status === 'active'), 'the start');
      await playOut(clients, game);
      assert.deepEqual(clients[0]!.room(game)!.state, clients[1]!.room(game)!.state);
      assert.equal(clients[0]!.room(game)!.state.cells.includes(FREE), false);
      assert.deepEqual(
        clients.map(({ health }) => [health.transport, health.reconnects]),
        [
          [transport, 0],
          [transport, 0],
        ],
      );
      assert.deepEqual(
        replicas.map(({ sockets }) => sockets.count(transport)).reduce((a, b) => a + b),
        2,
      );
      const used = new Set(spread.requests.filter(({ path }) => path === '/send').map(({ target }) => target));
      assert.equal(used.size, 3, 'what belongs to a connection came to every replica');
    });

    test(`${design}: a client that was cut off during a game resumes by ${transport} on another replica`, async (t) => {
      const [one, two] = await Promise.all(['b1', 'b2'].map((id) => startTestReplica(redis.url, id, { design })));
      t.after(() => Promise.all([one!.drain(), two!.drain()]));
      const spread = await spreadOver(t, [one!]);
      const [ada, bob] = [
        await player(t, spread, [transport]),
        await player(t, { url: two!.url }, ['websocket'], 'Bob'),
      ];
      const { code: game } = await ada.create({ players: 2, size: 5, seconds: 60 });
      await bob.join(game);
      await bob.send(game, capture(0));
      await until(() => ada.room(game)?.state.cells[0] !== FREE, 'the first move is seen');
      let recovered = 0;
      ada.room(game)!.on('recovered', () => (recovered += 1));
      spread.retarget([two!.url]);
      one!.sockets
        .all()
        .find(({ player: { name } }) => name === 'Ada')!
        .close('serviceRestart');
      for (const cell of [1, 2, 3]) await bob.send(game, capture(cell));
      await until(() => recovered === 1, 'the game is resumed');
      assert.equal(ada.health.replica, 'b2');
      const { seq } = await ada.send(game, capture(4));
      await until(() => [ada, bob].every((client) => client.room(game)!.seq === seq), 'both have seen all');
      assert.deepEqual(ada.room(game)!.state, bob.room(game)!.state);
    });
  }
}

test('where upgrades are refused, a client falls back to server-sent events and keeps them', async (t) => {
  const replica = await startTestReplica(redis.url, 'c1');
  t.after(() => replica.drain());
  const spread = await spreadOver(t, [replica], { upgradeStatus: 403 });
  const client = await player(t, spread, ['websocket', 'sse', 'poll']);
  assert.equal(client.health.transport, 'sse');
  assert.equal(spread.upgrades, 2);
  replica.sockets.all()[0]!.close('serviceRestart');
  await until(() => client.health.reconnects === 1, 'it is back');
  assert.deepEqual([client.health.transport, spread.upgrades], ['sse', 2]);
});

test('where upgrades get no answer and streams are held back, a client falls back to long polling', async (t) => {
  const replica = await startTestReplica(redis.url, 'h1');
  t.after(() => replica.drain());
  const spread = await spreadOver(t, [replica], { upgradeStatus: 0, buffered: ['/sse'] });
  const client = createClient({ room: grid, url: spread.url, connectTimeoutMs: 2500, backoffBaseMs: 5 });
  t.after(() => client.close());
  await client.connect();
  assert.equal(client.health.transport, 'poll');
  assert.deepEqual([spread.upgrades, spread.requests.filter(({ path }) => path === '/sse').length], [2, 2]);
});

test('a lost answer to a poll or to a batch costs nothing: no reconnect, no event, no second capture', async (t) => {
  const [one, two] = await Promise.all(['d1', 'd2'].map((id) => startTestReplica(redis.url, id)));
  t.after(() => Promise.all([one!.drain(), two!.drain()]));
  const spread = await spreadOver(t, [one!, two!]);
  const ada = await player(t, spread, ['poll']);
  const bob = await player(t, { url: two!.url }, ['websocket'], 'Bob');
  const seen: number[] = [];
  ada.on('room', (room) => room.on('event', ({ seq }) => seen.push(seq)));
  const { code: game } = await ada.create({ players: 2, size: 5, seconds: 60 });
  await bob.join(game);
  await until(() => ada.room(game)?.state.status === 'active', 'the start');
  for (const cell of [0, 2, 4, 6]) {
    spread.lose('/poll', 2);
    spread.lose('/send', 1);
    const acks = await Promise.all([ada.send(game, capture(cell)), bob.send(game, capture(cell + 1))]);
    assert.equal(acks[0].duplicate, undefined);
    const newest = Math.max(...acks.map(({ seq }) => seq!));
    await until(() => [ada, bob].every((client) => client.room(game)!.seq === newest), 'both have seen all');
  }
  assert.equal(ada.health.reconnects, 0);
  assert.deepEqual(
    seen,
    Array.from(seen, (_, index) => seen[0]! + index),
  );
  assert.deepEqual(ada.room(game)!.state, bob.room(game)!.state);
});

for (const transport of FALLBACKS) {
  test(`a replica that is gone ends its connections by ${transport}, which begin again on another one`, async (t) => {
    const [one, two] = await Promise.all(['e1', 'e2'].map((id) => startTestReplica(redis.url, id)));
    t.after(() => two!.drain());
    const spread = await spreadOver(t, [one!]);
    const client = await player(t, spread, [transport]);
    assert.equal(client.health.replica, 'e1');
    spread.retarget([two!.url]);
    await one!.drain();
    await until(() => client.health.reconnects === 1, 'it is back');
    assert.equal(client.health.replica, 'e2');
  });

  test(`the newer connection of a player takes the place of the one by ${transport}, whatever its own transport`, async (t) => {
    const [one, two] = await Promise.all(['f1', 'f2'].map((id) => startTestReplica(redis.url, id)));
    t.after(() => Promise.all([one!.drain(), two!.drain()]));
    let text: string | undefined;
    const store = { read: () => text, write: (saved: string) => void (text = saved) };
    const older = createClient({ room: grid, url: one!.url, transports: [transport], store });
    await older.connect();
    const newer = createClient({
      room: grid,
      url: two!.url,
      transports: ['websocket'],
      store: { ...store, write: () => {} },
    });
    t.after(() => [older, newer].forEach((client) => client.close()));
    const closed = new Promise((resolve) =>
      older.on('state', ({ state, reason }) => state === 'closed' && resolve(reason)),
    );
    await newer.connect();
    assert.equal(await closed, 'superseded');
    assert.equal(newer.player!.id, older.player!.id);
  });

  test(`a client by ${transport} that falls silent is given up after two heartbeats`, async (t) => {
    const replica = await startTestReplica(redis.url, 'g1', { heartbeatMs: 2000 });
    t.after(() => replica.drain());
    const spread = await spreadOver(t, [replica]);
    await player(t, spread, [transport]);
    assert.equal(replica.sockets.size, 1);
    spread.retarget(['http://127.0.0.1:1']);
    spread.cut();
    await until(() => replica.sockets.size === 0, 'it is given up');
  });
}
