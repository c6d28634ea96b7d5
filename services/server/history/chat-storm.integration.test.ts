// Runs alone: it compares how long moves take with and without a storm.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Replica } from '../replica.ts';
import { TestClient } from '../testing/client.ts';
import { ok, startedGame } from '../testing/play.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, startTestReplica } from '../testing/replica.ts';

/** The connections that listen in the lobby, and the lines per second there: 3,000 deliveries per second. */
const LISTENERS = 150;
const EVERY_MS = 50;
/** Half of them with the storm. */
const ROUNDS = 8;
/** The moves of a game in a round, and the fewest lines in a round with the storm. */
const MOVES = 15;
const LINES = 6;

let redis: TestRedis;
const replicas: Replica[] = [];
before(async () => {
  redis = await startRedis();
});
after(async () => {
  await Promise.all(replicas.map((replica) => replica.drain()));
  await redis?.stop();
});

for (const design of DESIGNS) {
  test(`${design}: moves do not wait for a storm of chat in the lobby`, async () => {
    const own = await Promise.all(
      [1, 2].map((number) => startTestReplica(redis.url, `${design}-${number}`, { design })),
    );
    replicas.push(...own);
    const urls = own.map(({ url }) => url) as [string, string];
    const listeners = await Promise.all(
      Array.from({ length: LISTENERS }, async (_, index) => {
        const client = await TestClient.connect(urls[index % 2]!);
        ok(await client.request({ type: 'subscribe', channel: 'lobby' }));
        return client;
      }),
    );
    const games = await Promise.all([0, 1].map(() => startedGame(urls, 16)));
    let said = 0;
    const storm = async (signal: AbortSignal) => {
      for (let turn = 0; !signal.aborted; turn += 1) {
        // Each within what one player may say.
        const answer = await listeners[turn % LISTENERS]!.request({
          type: 'publish',
          channel: 'lobby',
          data: { text: 'x'.repeat(200) },
        });
        if (answer.type === 'ack') said += 1;
        await delay(EVERY_MS);
      }
    };
    /** Of each round the milliseconds from a capture to its acknowledgement; the two kinds of time alternate. */
    const times = { quiet: [] as number[][], storm: [] as number[][] };
    let cell = -1;
    for (let round = 0; round < ROUNDS; round += 1) {
      const kind = round % 2 === 0 ? 'quiet' : 'storm';
      const stop = new AbortController();
      const enough = kind === 'storm' ? said + LINES : 0;
      const stormy = kind === 'storm' ? storm(stop.signal) : undefined;
      const took: number[] = [];
      for (let step = 0; step < MOVES || said < enough; step += 1) {
        cell += 1;
        await Promise.all(
          games.map(async ({ ada, game }) => {
            const from = performance.now();
            ok(await ada.request({ type: 'capture', game, cell }));
            took.push(performance.now() - from);
          }),
        );
        await delay(35);
      }
      stop.abort();
      await stormy;
      times[kind].push(took.sort((left, right) => left - right));
    }
    assert.ok(said > 20, `${said} lines were said`);
    // A pause of the machine makes one round worse; moves that wait for chat make all rounds worse.
    const p99 = (kind: 'quiet' | 'storm') =>
      Math.min(...times[kind].map((took) => took[Math.ceil(0.99 * took.length) - 1]!));
    // A move that waited for the deliveries of one line to all listeners and the ones before would take many times as long.
    const [quiet, stormy] = [p99('quiet'), p99('storm')];
    assert.ok(stormy <= 6 * quiet + 30, `p99 of moves: ${quiet} ms alone, ${stormy} ms with the storm`);
    for (const client of listeners) client.close();
    for (const { ada, bob } of games) [ada, bob].forEach((client) => client.close());
  });
}
