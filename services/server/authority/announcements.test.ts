import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
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
    const monitors = new Set<Redis>();

    before(async () => {
      redis = await startRedis();
      [one, two] = await Promise.all([
        startTestReplica(redis.url, '1111', { design }),
        startTestReplica(redis.url, '2222', { design }),
      ]);
      admin = adminOf(redis);
    });
    after(async () => {
      for (const connection of [admin, ...monitors]) connection?.disconnect();
      await Promise.all([one?.drain(), two?.drain()]);
      await redis?.stop();
    });

    /** Counts the announcements of a room from now on. */
    async function announcementsOf(game: string): Promise<() => Promise<number>> {
      const monitor = await admin.monitor();
      monitors.add(monitor);
      let count = 0;
      let isSeen = (_: string) => {};
      monitor.on('monitor', (_time: string, args: string[]) => {
        if (args[0]!.toLowerCase() === 'spublish' && args[1]!.includes(game)) count += 1;
        if (args[0]!.toLowerCase() === 'echo') isSeen(args[1]!);
      });
      return async () => {
        const marker = randomUUID();
        const seen = new Promise<void>((resolve) => {
          isSeen = (text) => text === marker && resolve();
        });
        await admin.echo(marker);
        await seen;
        return count;
      };
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
      const announced = await announcementsOf(game);
      for (const cell of [1, 2, 3, 4]) ok(await bob.request({ type: 'capture', game, cell }));
      await ada.next('event', ({ seq }) => seq === first.seq! + 4);
      assert.equal(await announced(), 0);
      ada.close();
      bob.close();
    });

    test('what is written after a second replica listens is announced to it', async () => {
      const { ada, bob, game } = await together();
      ok(await ada.request({ type: 'capture', game, cell: 0 }));
      const eve = await TestClient.connect(two.url);
      const watched = ok(await eve.request({ type: 'watch', game }));
      const announced = await announcementsOf(game);
      for (const cell of [1, 2, 3, 4]) ok(await bob.request({ type: 'capture', game, cell }));
      await eve.next('event', ({ seq }) => seq === watched.seq! + 4);
      assert.equal(await announced(), 4);
      for (const client of [ada, bob, eve]) client.close();
    });
  });
}
