import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { until } from '../../../tests/kit/wait.ts';
import type { ServerMessageOf } from '../../protocol/index.ts';
import type { Replica } from '../replica.ts';
import { guest, TestClient } from '../testing/client.ts';
import { retryUntilSettled } from '../testing/play.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
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
      admin = new Redis(redis.url, { protocol: 2 });
      admin.on('error', () => undefined);
    });
    after(async () => {
      admin?.disconnect();
      await Promise.all([one?.drain(), two?.drain()]);
      await redis?.stop();
    });

    const isAck = (answer: ServerMessageOf<'ack'> | ServerMessageOf<'error'>) => answer.type === 'ack';
    const sequence = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
    const seqs = (client: TestClient, game: string) => client.events(game).map(({ seq }) => seq);

    /** Waits until both replicas take sockets, so that an outage of the previous test is over. */
    async function bothServe(): Promise<void> {
      for (const { url } of [one, two]) {
        await until(async () => {
          const client = await TestClient.connect(url).catch(() => undefined);
          client?.close();
          return client !== undefined;
        }, `${url} takes sockets`);
      }
    }

    async function started(size = 8) {
      await bothServe();
      const [ada, bob] = await Promise.all([TestClient.connect(one.url), TestClient.connect(two.url)]);
      const created = await ada.request({ type: 'create', players: 2, size, seconds: 120 });
      assert.ok(created.type === 'ack' && created.game);
      const { game } = created;
      assert.ok(isAck(await bob.request({ type: 'join', game })));
      // The snapshot of the last player already contains the start, as the fourth event.
      await ada.next('event', ({ event }) => event.kind === 'started');
      return { ada, bob, game };
    }

    async function clientIds(name: string): Promise<string[]> {
      const list = String(await admin.client('LIST'));
      const lines = list.split('\n').filter((line) => line.includes(` name=${name} `));
      return lines.map((line) => /id=(\d+)/.exec(line)![1]!);
    }

    test('announcements that are lost while the subscription is cut are read from the stream', async () => {
      const { ada, bob, game } = await started();
      for (const id of await clientIds('gridlock-2222-bus')) await admin.client('KILL', 'ID', id);
      // Captured while replica 2222 most likely hears nothing.
      for (const cell of sequence(0, 9)) assert.ok(isAck(await ada.request({ type: 'capture', game, cell })));
      await bob.next('event', ({ seq }) => seq === 14);
      assert.deepEqual(seqs(bob, game), sequence(5, 14));
      ada.close();
      bob.close();
    });

    test('the event of a lost announcement arrives without another move', async () => {
      const { ada, bob, game } = await started();
      // As the script writes it, but without the announcement.
      const [state, events] = [`gridlock:{${game}}:state`, `gridlock:{${game}}:events`];
      const message = JSON.stringify({
        type: 'event',
        game,
        epoch: await admin.hget(state, 'epoch'),
        seq: 5,
        at: 1,
        event: { kind: 'captured', player: 'x', seat: 0, cell: 0, scores: [1, 0] },
      });
      await admin.multi().xadd(events, '5-0', 'message', message).hset(state, 'seq', 5).exec();
      await Promise.all([ada, bob].map((client) => client.next('event', ({ seq }) => seq === 5)));
      ada.close();
      bob.close();
    });

    test('a capture without an answer from Redis is not acknowledged, and its repeat is applied once', async () => {
      const { ada, bob, game } = await started();
      const acknowledged: number[] = [];
      for (const cell of sequence(0, 4)) {
        const answer = await ada.request({ type: 'capture', game, cell });
        if (answer.type === 'ack') acknowledged.push(answer.seq!);
      }
      await redis.kill();
      const refused = await ada.request({ type: 'capture', game, cell: 5, id: 'through-the-outage' });
      assert.equal(refused.type === 'error' && refused.code, 'unavailable');
      await until(async () => (await fetch(`${one.internalUrl}/readyz`)).status === 503, 'the replica is not ready');
      assert.equal(ada.closeCode, undefined);
      assert.equal(bob.closeCode, undefined);
      await assert.rejects(TestClient.connect(one.url, (await guest(one.url)).token), 'a new socket is refused');

      await redis.restart();
      await until(async () => (await fetch(`${one.internalUrl}/readyz`)).status === 200, 'the replica is ready again');
      const repeated = await ada.request({ type: 'capture', game, cell: 5, id: 'through-the-outage' });
      assert.equal(repeated.type === 'ack' && repeated.seq, 10);
      const again = await ada.request({ type: 'capture', game, cell: 5, id: 'through-the-outage' });
      assert.equal(again.type === 'ack' && again.duplicate, true);
      await bob.next('event', ({ seq }) => seq === 10);
      assert.deepEqual(seqs(bob, game), sequence(5, 10));
      assert.deepEqual(acknowledged, sequence(5, 9));
      ada.close();
      bob.close();
    });

    test('killing Redis during play loses no acknowledged capture, and makes no duplicate and no gap', async () => {
      const { ada, bob, game } = await started(12);
      const acknowledged = new Map<number, number>();
      const play = async (client: TestClient, cells: number[], from: string) => {
        for (const cell of cells) {
          for (;;) {
            const answer = await client.request({ type: 'capture', game, cell, id: `${from}${cell}` });
            if (answer.type === 'ack') {
              acknowledged.set(cell, answer.seq!);
              break;
            }
            assert.ok(['unavailable', 'rate_limited'].includes(answer.code), answer.code);
            await new Promise((resolve) => setTimeout(resolve, answer.retryAfterMs ?? 100));
          }
        }
      };
      const played = Promise.all([play(ada, sequence(0, 35), 'a'), play(bob, sequence(36, 71), 'b')]);
      await until(() => acknowledged.size > 10, 'the game is under way');
      await redis.kill();
      await redis.restart();
      await played;
      const newest = 4 + 72;
      await Promise.all([ada, bob].map((client) => client.next('event', ({ seq }) => seq === newest)));
      assert.deepEqual(seqs(ada, game), sequence(3, newest));
      assert.deepEqual(ada.events(game).slice(2), bob.events(game));
      for (const [cell, seq] of acknowledged) {
        const { event } = bob.events(game).find((item) => item.seq === seq)!;
        assert.equal(event.kind === 'captured' && event.cell, cell);
      }
      ada.close();
      bob.close();
    });

    test('while Redis refuses to write, the answer is unavailable', async () => {
      const { ada, bob, game } = await started();
      await admin.config('SET', 'maxmemory', '1');
      try {
        const answer = await ada.request({ type: 'capture', game, cell: 0, id: 'oom' });
        assert.equal(answer.type === 'error' && answer.code, 'unavailable');
      } finally {
        await admin.config('SET', 'maxmemory', '0');
      }
      assert.ok(isAck(await ada.request({ type: 'capture', game, cell: 0, id: 'oom' })));
      ada.close();
      bob.close();
    });

    test('while Redis stalls, the answer is unavailable within a bounded time', async () => {
      const { ada, bob, game } = await started();
      process.kill(redis.pid, 'SIGSTOP');
      try {
        const answers = await Promise.all(sequence(0, 4).map((cell) => ada.request({ type: 'capture', game, cell })));
        assert.ok(answers.every((answer) => answer.type === 'error' && answer.code === 'unavailable'));
      } finally {
        process.kill(redis.pid, 'SIGCONT');
      }
      // The connection may just be being replaced, because nothing came for so long.
      const captured: number[] = [];
      await retryUntilSettled(ada, game, [20], (_, cell) => captured.push(cell));
      assert.deepEqual(captured, [20]);
      ada.close();
      bob.close();
    });
  });
}
