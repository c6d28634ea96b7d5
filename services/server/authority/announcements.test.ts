import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Redis } from 'ioredis';
import type { Replica } from '../replica.ts';
import { TestClient } from '../testing/client.ts';
import { ok } from '../testing/play.ts';
import { adminOf, startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, startTestReplica } from '../testing/replica.ts';

for (const design of DESIGNS) {
  describe(design, () => {
    let redis: TestRedis;
    let one: Replica;
    let two: Replica;
    let admin: Redis;

    before(async () => {
      redis = await startRedis();
      [one, two] = await Promise.all([
        startTestReplica(redis.url, '1111', { design }),
        startTestReplica(redis.url, '2222', { design }),
      ]);
      admin = adminOf(redis);
    });
    after(async () => {
      admin?.disconnect();
      await Promise.all([one?.drain(), two?.drain()]);
      await redis?.stop();
    });

    /** Announcements of rooms so far; signals and presence use `PUBLISH`. */
    async function announcements(): Promise<number> {
      const stats = await admin.info('commandstats');
      return Number(/cmdstat_spublish:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    }

    /** A running game whose players are all on one replica. */
    async function together() {
      const [ada, bob] = await Promise.all([TestClient.connect(one.url), TestClient.connect(one.url)]);
      const { game } = ok(await ada.request({ type: 'create', players: 2, size: 9, seconds: 120, spectators: true }));
      ok(await bob.request({ type: 'join', game: game! }));
      await ada.next('event', ({ event }) => event.kind === 'started');
      return { ada, bob, game: game! };
    }

    test('what a replica writes reaches its own players without an announcement while no other replica listens', async () => {
      const { ada, bob, game } = await together();
      const first = ok(await ada.request({ type: 'capture', game, cell: 0 }));
      const before = await announcements();
      for (const cell of [1, 2, 3, 4]) ok(await bob.request({ type: 'capture', game, cell }));
      await ada.next('event', ({ seq }) => seq === first.seq! + 4);
      assert.equal(await announcements(), before);
      ada.close();
      bob.close();
    });

    test('a replica that comes to listen hears of everything from then on, in time', async () => {
      const { ada, bob, game } = await together();
      ok(await ada.request({ type: 'capture', game, cell: 0 }));
      const eve = await TestClient.connect(two.url);
      const watched = ok(await eve.request({ type: 'watch', game }));
      const begun = performance.now();
      for (const cell of [1, 2, 3, 4]) ok(await bob.request({ type: 'capture', game, cell }));
      await eve.next('event', ({ seq }) => seq === watched.seq! + 4);
      assert.ok(performance.now() - begun < 1000, 'before the check for announcements that were lost');
      for (const client of [ada, bob, eve]) client.close();
    });
  });
}
