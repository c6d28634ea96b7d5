import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Replica } from './replica.ts';
import { TestClient } from './testing/client.ts';
import { startRedis, type TestRedis } from './testing/redis.ts';
import { DESIGNS, startTestReplica } from './testing/replica.ts';

for (const design of DESIGNS) {
  describe(design, () => {
    let redis: TestRedis;
    let one: Replica;
    let two: Replica;

    before(async () => {
      redis = await startRedis();
      [one, two] = await Promise.all([
        startTestReplica(redis.url, '1111', { design }),
        startTestReplica(redis.url, '2222', { design }),
      ]);
    });
    after(async () => {
      await Promise.all([one?.drain(), two?.drain()]);
      await redis?.stop();
    });

    test('two players on different replicas play to the last cell and see the same events', async () => {
      const [ada, bob] = await Promise.all([TestClient.connect(one.url), TestClient.connect(two.url)]);
      const created = await ada.request({ type: 'create', players: 2, size: 3, seconds: 60 });
      assert.equal(created.type, 'ack');
      const game = created.type === 'ack' ? created.game! : '';
      assert.equal((await bob.request({ type: 'join', game })).type, 'ack');
      await ada.next('event', ({ event }) => event.kind === 'started');
      for (let cell = 0; cell < 9; cell += 1) {
        const answer = await (cell % 2 === 0 ? ada : bob).request({ type: 'capture', game, cell });
        assert.equal(answer.type, 'ack');
      }
      const isEnd = ({ event }: { event: { kind: string } }) => event.kind === 'finished';
      const [atAda, atBob] = await Promise.all([ada.next('event', isEnd), bob.next('event', isEnd)]);
      assert.deepEqual(atAda, atBob);
      // Each saw everything after its own snapshot.
      assert.deepEqual(
        ada.events(game).map(({ seq }) => seq),
        Array.from({ length: 12 }, (_, index) => index + 3),
      );
      assert.deepEqual(ada.events(game).slice(2), bob.events(game));
      ada.close();
      bob.close();
    });
  });
}
