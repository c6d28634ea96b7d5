import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import type { Replica } from '../replica.ts';
import { guest, TestClient } from '../testing/client.ts';
import { startCluster } from '../testing/cluster.ts';
import {
  assertGapless,
  freeCells,
  isOver,
  ok,
  positionsSeen,
  retryUntilSettled,
  sequence,
  startedGame,
} from '../testing/play.ts';
import type { TestRedis } from '../testing/redis.ts';
import { DESIGNS, type Design, startTestReplica } from '../testing/replica.ts';
import { redisSecurity } from '../testing/secure-redis.ts';
import { startSentinel } from '../testing/sentinel.ts';
import type { RedisSettings } from './settings.ts';

/** Two replicas, which are gone after the task whatever becomes of it. */
async function withReplicas(
  settings: RedisSettings,
  design: Design,
  task: (replicas: [Replica, Replica]) => Promise<void>,
) {
  const replicas = await Promise.all(['1111', '2222'].map((appId) => startTestReplica(settings, appId, { design })));
  try {
    await task(replicas as [Replica, Replica]);
  } finally {
    await Promise.all(replicas.map((replica) => replica.drain()));
  }
}

/** Two play `game` to its end while `fault` strikes. */
async function playThrough({ ada, bob, game }: Awaited<ReturnType<typeof startedGame>>, fault: () => Promise<void>) {
  let acknowledged = 0;
  const epochs = new Set<string>();
  const onAck = ({ epoch }: { epoch?: string | undefined }) => {
    acknowledged += 1;
    epochs.add(epoch!);
  };
  const played = Promise.all([
    retryUntilSettled(ada, game, sequence(0, 71), onAck),
    retryUntilSettled(bob, game, sequence(72, 143), onAck),
  ]);
  await until(() => acknowledged > 20, 'the game is under way');
  await fault();
  await played;
  // What the new primary never got is free again: acknowledged, but announced as lost by the new epoch.
  await retryUntilSettled(ada, game, await freeCells(ada, game), onAck, 'again');
  for (const client of [ada, bob]) {
    await until(() => isOver(client, game), 'everybody saw the end', 20_000);
    assertGapless(client, game);
  }
  positionsSeen([ada, bob]);
  return epochs;
}

/** The faults that make Sentinels replace a primary. A frozen primary closes no connection and answers nothing. */
const FAULTS: [what: string, strike: (primary: TestRedis) => Promise<void>][] = [
  ['dies', (primary) => primary.kill()],
  ['freezes', async ({ pid }) => void process.kill(pid, 'SIGSTOP')],
];

for (const design of DESIGNS) {
  describe(design, () => {
    for (const [what, strike] of FAULTS)
      test(`after a primary that ${what} Sentinel's next opens a new epoch, with a snapshot, and play goes on`, async () => {
        const sentinel = await startSentinel();
        try {
          await withReplicas(sentinel.settings, design, async ([one, two]) => {
            const game = await startedGame([one.url, two.url], 12);
            const epochs = await playThrough(game, () => strike(sentinel.servers[0]!));
            // Each Sentinel learns of it in its own time.
            await until(
              async () => (await sentinel.primary()).port !== sentinel.servers[0]!.port,
              'there is another primary',
            );
            assert.equal(epochs.size, 2);
            for (const client of [game.ada, game.bob]) {
              const told = await client.next('snapshot', ({ recovered }) => recovered === false);
              assert.notEqual(told.epoch, game.epoch);
              client.close();
            }
          });
        } finally {
          await sentinel.stop();
        }
      });

    test('in a cluster of three masters games play on while one is killed, and only its games open a new epoch', async () => {
      const cluster = await startCluster();
      try {
        await withReplicas(cluster.settings, design, async ([one, two]) => {
          const games = new Map<number, Awaited<ReturnType<typeof startedGame>>>();
          await until(
            async () => {
              const started = await startedGame([one.url, two.url], 12);
              const { port } = cluster.masterOf(`{${started.game}}`);
              if (games.has(port)) {
                started.ada.close();
                started.bob.close();
              } else {
                games.set(port, started);
              }
              return games.size === 3;
            },
            'each master has a game',
            30_000,
          );
          const victim = cluster.masters[0]!;
          let kill = () => {};
          const killed = new Promise<void>((resolve) => (kill = resolve)).then(() => victim.kill());
          await Promise.all(
            [...games].map(async ([port, game]) => {
              const epochs = await playThrough(game, async () => {
                if (port === victim.port) kill();
                await killed;
              });
              assert.equal(epochs.size, port === victim.port ? 2 : 1, `the game on ${port}`);
              game.ada.close();
              game.bob.close();
            }),
          );
          for (const replica of [one, two]) {
            await until(() => replica.readiness.reason === undefined, 'the replica is ready again', 20_000);
          }
        });
      } finally {
        await cluster.stop();
      }
    });

    test('in a cluster with TLS, and users who may do no more than the README lists, play goes on when a master is killed', async () => {
      const security = await redisSecurity({ inCluster: true });
      const cluster = await startCluster(security).catch(async (error) => {
        await security.remove();
        throw error;
      });
      try {
        await withReplicas(cluster.settings, design, async ([one, two]) => {
          const game = await startedGame([one.url, two.url], 12);
          for (const client of [game.ada, game.bob]) ok(await client.request({ type: 'subscribe', channel: 'lobby' }));
          ok(await game.ada.request({ type: 'publish', channel: 'lobby', data: { text: 'hello' } }));
          await game.bob.next('message');
          await playThrough(game, () => cluster.masterOf(`{${game.game}}`).kill());
          game.ada.close();
          game.bob.close();
        });
      } finally {
        await cluster.stop();
        await security.remove();
      }
    });

    test('in a cluster players are matched, talk, see who is there and lose their older socket, on whichever shard', async () => {
      const cluster = await startCluster();
      try {
        await withReplicas(cluster.settings, design, async ([one, two]) => {
          for (let round = 0; round < 6; round += 1) {
            const [ada, bob] = await Promise.all([TestClient.connect(one.url), TestClient.connect(two.url)]);
            const shape = { type: 'match', players: 2, size: 3 + round } as const;
            const [left, right] = await Promise.all([ada.request(shape), bob.request(shape)]);
            const game = ok(left).game!;
            assert.equal(ok(right).game, game);
            for (const client of [ada, bob]) ok(await client.request({ type: 'subscribe', channel: game }));
            ok(await ada.request({ type: 'publish', channel: game, data: { text: 'hello' } }));
            assert.equal((await bob.next('message')).line, '1111:hello');
            await ada.next('presence', ({ count }) => count === 2);
            ada.close();
            bob.close();
          }
          for (let round = 0; round < 4; round += 1) {
            const { token } = await guest(one.url);
            const older = await TestClient.connect(one.url, token);
            const newer = await TestClient.connect(two.url, token);
            assert.equal(await older.closed(), 4409);
            newer.close();
          }
        });
      } finally {
        await cluster.stop();
      }
    });
  });
}
