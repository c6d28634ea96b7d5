import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { until } from '../../../tests/kit/wait.ts';
import { DEFAULT_LIMITS, type ReplicaLimits } from '../limits.ts';
import type { Replica } from '../replica.ts';
import { guest, TestClient } from '../testing/client.ts';
import { ok, patiently, startedGame } from '../testing/play.ts';
import { adminOf, startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, startTestReplica } from '../testing/replica.ts';

let redis: TestRedis;
let admin: Redis;
const running: Replica[] = [];

before(async () => {
  redis = await startRedis();
  admin = adminOf(redis);
});
after(async () => {
  admin?.disconnect();
  await Promise.all(running.map((replica) => replica.drain()));
  await redis?.stop();
});

let names = 6000;
const { perPlayer, perAddress } = DEFAULT_LIMITS;
const FREE: Partial<ReplicaLimits> = {
  perPlayer: { ...perPlayer, gamesPerMinute: 1_000_000, socketsPerMinute: 1000 },
  perAddress: { ...perAddress, gamesPerMinute: 1_000_000 },
};

/** A player of an address, as the edge tells it. */
const from = async (url: string, address: string, token?: string): Promise<TestClient> => {
  const headers = { 'x-forwarded-for': address, authorization: `Bearer ${token ?? (await guest(url)).token}` };
  return TestClient.connect(url, '', { headers });
};
const codeOf = (answer: { type: string; code?: string }) => (answer.type === 'error' ? answer.code : answer.type);
const used = async (): Promise<number> => Number(/^used_memory:(\d+)/m.exec(await admin.info('memory'))![1]);

for (const design of DESIGNS) {
  describe(design, () => {
    const replicaWith = async (limits: Partial<ReplicaLimits>): Promise<Replica> => {
      await admin.config('SET', 'maxmemory', '0');
      await admin.flushall();
      const replica = await startTestReplica(redis.url, String((names += 1)), {
        design,
        // The replicas of the tests before would take sockets.
        rebalancePercent: 0,
        limits: { ...DEFAULT_LIMITS, ...FREE, ...limits },
      });
      running.push(replica);
      return replica;
    };

    test('a repeat of the request that made the last allowed room gets that room', async () => {
      const { url } = await replicaWith({ games: 1 });
      const ada = await TestClient.connect(url);
      const request = { type: 'create', players: 2, id: 'once' } as const;
      const { game } = ok(await ada.request(request));
      await until(async () => (await admin.zcard('gridlock:{games}:open')) === 1, 'the room is counted');
      ada.received.length = 0;
      const again = ok(await ada.request(request));
      assert.deepEqual([again.game, again.duplicate], [game, true]);
      assert.equal(codeOf(await ada.request({ type: 'create', players: 2 })), 'cluster_full');
      ada.close();
    });

    test('rooms that are made and left count for as long as they are in the store, which is a minute', async () => {
      const { url } = await replicaWith({ games: 3 });
      const [ada, bob] = [await TestClient.connect(url), await TestClient.connect(url)];
      const left: string[] = [];
      for (let made = 1; made <= 3; made += 1) {
        const { game } = ok(await ada.request({ type: 'create', players: 2 }));
        await until(async () => (await admin.zcard('gridlock:{games}:open')) === made, `${made} games are counted`);
        ok(await ada.request({ type: 'leave', game: game! }));
        left.push(game!);
        assert.ok((await admin.ttl(`gridlock:{${game}}:state`)) <= 60, 'it is gone soon');
      }
      assert.equal(codeOf(await ada.request({ type: 'create', players: 2 })), 'cluster_full');
      const soon = Date.now() + 120_000;
      const score = async (game: string) => Number(await admin.zscore('gridlock:{games}:open', game));
      await until(async () => (await score(left[2]!)) < soon, 'the room of the last one is free within a minute');
      ok(await bob.request({ type: 'join', game: left[0]! }));
      assert.ok((await admin.ttl(`gridlock:{${left[0]}}:state`)) > 60, 'a room with a player stays');
      await until(async () => (await score(left[0]!)) > soon, 'and counts');
      ada.close();
      bob.close();
    });

    test('the games that players of one address make are bounded, and do not keep others out', async () => {
      const { url } = await replicaWith({ perAddress: { ...perAddress, gamesPerMinute: 1_000_000, games: 4 } });
      const greedy = [await from(url, '203.0.113.1'), await from(url, '203.0.113.1')];
      for (let made = 0; made < 4; made += 1) {
        ok(await greedy[made % 2]!.request({ type: 'create', players: 2, size: 3, seconds: 5 }));
        await until(async () => (await admin.zcard('gridlock:{games}:open')) === made + 1, 'it is counted');
      }
      for (const client of greedy) {
        const refused = await client.request({ type: 'create', players: 2 });
        assert.equal(codeOf(refused), 'rate_limited');
        assert.ok(refused.type === 'error' && refused.retryAfterMs! > 0);
      }
      const other = await from(url, '203.0.113.2');
      ok(await other.request({ type: 'create', players: 2 }));
      // A game that ends makes room.
      const [game] = await admin.zrange('gridlock:{games}:of:203.0.113.1', '0', '0');
      const opponent = await from(url, '203.0.113.3');
      ok(await opponent.request({ type: 'join', game: game! }));
      await opponent.next('event', ({ event }) => event.kind === 'finished');
      ok(await patiently(greedy[0]!, { type: 'create', players: 2 }, ['rate_limited']));
      for (const client of [...greedy, other, opponent]) client.close();
    });

    test('the games that players of one address make in a minute are bounded, and entering games of others does not count', async () => {
      const { url } = await replicaWith({ perAddress: { ...perAddress, gamesPerMinute: 24 } });
      const greedy = [await from(url, '198.51.100.1'), await from(url, '198.51.100.1')];
      for (const client of greedy) ok(await client.request({ type: 'create', players: 2 }));
      const refused = await greedy[0]!.request({ type: 'create', players: 2 });
      assert.equal(codeOf(refused), 'rate_limited');
      assert.ok(refused.type === 'error' && refused.retryAfterMs! > 0);
      const others = [await from(url, '198.51.100.2'), await from(url, '198.51.100.2')];
      const [game] = [ok(await others[0]!.request({ type: 'match', players: 4 })).game];
      assert.equal(ok(await others[1]!.request({ type: 'match', players: 4 })).game, game, 'they are matched');
      ok(await others[0]!.request({ type: 'create', players: 2 }));
      for (const client of [...greedy, ...others]) client.close();
    });

    test('while the store is nearly full, running games go on and their players can come back, but no new player gets in', async () => {
      const { url } = await replicaWith({});
      const session = await guest(url);
      const seated = await from(url, '192.0.2.1', session.token);
      const { ada, bob, game } = await startedGame([url, url], 9);
      const { game: waiting } = ok(await seated.request({ type: 'create', players: 2 }));
      ok(await ada.request({ type: 'subscribe', channel: game }));
      const said = { type: 'publish', id: 'said', channel: game, data: { text: 'hello' } } as const;
      ok(await ada.request(said));
      const stranger = await guest(url);
      // 10 % are left.
      await admin.config('SET', 'maxmemory', String(Math.ceil((await used()) / 0.9)));
      assert.equal(codeOf(await ada.request({ type: 'create', players: 2 })), 'cluster_full');
      assert.equal(codeOf(await ada.request({ type: 'match', players: 2 })), 'cluster_full');
      assert.equal(codeOf(await ada.request({ type: 'join', game: waiting! })), 'cluster_full');
      // A replica learns every few seconds how full the store is; one line per second stays within the rate.
      await until(async () => {
        assert.equal(codeOf(await bob.request({ type: 'subscribe', channel: game })), 'ack');
        const isRefused =
          codeOf(await ada.request({ type: 'publish', channel: game, data: { text: 'hi' } })) === 'cluster_full';
        if (!isRefused) await delay(1000);
        return isRefused;
      }, 'lines wait for room');
      assert.equal(ok(await ada.request(said)).duplicate, true, 'a repeat gets its answer');
      for (let cell = 0; cell < 20; cell += 1) {
        ok(await patiently(cell % 2 === 0 ? ada : bob, { type: 'capture', game, cell }));
      }
      const refused = new TestClient(url, stranger.token);
      const [, { statusCode, headers }] = (await new Promise((resolve) =>
        refused.socket.once('unexpected-response', (...answer) => resolve(answer as never)),
      )) as [unknown, { statusCode: number; headers: Record<string, string> }];
      assert.equal(statusCode, 503);
      assert.ok(Number(headers['retry-after']) > 0);
      const again = await from(url, '192.0.2.1', session.token);
      assert.equal((await again.request({ type: 'resume', game: waiting!, epoch: 'none', seq: 0 })).type, 'ack');
      await admin.config('SET', 'maxmemory', '0');
      ok(await patiently(ada, { type: 'create', players: 2 }, ['cluster_full', 'rate_limited']));
      for (const client of [seated, ada, bob, again]) client.close();
    });

    test('a player who makes games until the store is full costs running games no move', async () => {
      const { url } = await replicaWith({});
      const { ada, bob, game } = await startedGame([url, url], 16, 300);
      const most = (await used()) + 6 * 1024 * 1024;
      await admin.config('SET', 'maxmemory', String(most));
      const attackers = await Promise.all(Array.from({ length: 40 }, () => TestClient.connect(url)));
      const refusals = new Map<string, number>();
      const stop = new AbortController();
      const attack = attackers.map(async (client) => {
        while (!stop.signal.aborted && client.closeCode === undefined) {
          const answer = await client.request({ type: 'create', players: 8, size: 16 });
          if (answer.type === 'ack') await client.request({ type: 'leave', game: answer.game! });
          else refusals.set(answer.code, (refusals.get(answer.code) ?? 0) + 1);
          await delay(answer.type === 'ack' ? 35 : 50);
        }
      });
      let cell = 0;
      const move = async () => {
        const answer = await (cell % 2 === 0 ? ada : bob).request({ type: 'capture', game, cell });
        assert.equal(answer.type, 'ack', JSON.stringify(answer));
        cell += 1;
        await delay(40);
      };
      const deadline = performance.now() + 60_000;
      while ((refusals.get('cluster_full') ?? 0) < 100 && performance.now() < deadline && cell < 200) await move();
      for (let more = 0; more < 40; more += 1) await move();
      stop.abort();
      await Promise.allSettled(attack);
      assert.ok((refusals.get('cluster_full') ?? 0) >= 100, JSON.stringify([...refusals]));
      assert.equal(refusals.get('unavailable'), undefined);
      assert.ok((await used()) < most, 'there still is room');
      for (const client of [...attackers, ada, bob]) client.close();
    });
  });
}
