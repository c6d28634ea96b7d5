import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { Crowd, unevenly } from '../loadtest/kit/crowd.ts';
import { type GridPlayer, gridViolations } from '../loadtest/kit/grid-player.ts';
import { decidedBy, forwardedShare, members } from '../loadtest/kit/replica-metrics.ts';
import { scaleOut } from '../loadtest/placement/scale-out.ts';

async function withCluster(settings: object, work: (cluster: Cluster) => Promise<void>): Promise<void> {
  const cluster = await startCluster({ replicas: 3, rebalancePercent: 20, ...settings });
  try {
    await work(cluster);
  } finally {
    await cluster.stop();
  }
}

for (const design of ['stateless', 'stateful'] as const) {
  describe(design, () => {
    test('after a scale-out the new replica gets its share of the sockets, and play loses nothing', async () => {
      await withCluster({ design }, async (cluster) => {
        const found = await scaleOut(
          cluster,
          design === 'stateless'
            ? { sockets: 90, games: 9, moveMs: 300, withinMs: 120_000, tolerance: 0.1 }
            : // A game's code decides where it is, and the edge's ring gives the replicas 41, 26 and 33 %. With few games, one replica would sometimes have hardly any.
              { sockets: 240, games: 60, moveMs: 1500, withinMs: 120_000, tolerance: 0.75 },
        );
        assert.deepEqual(found.violations, []);
        assert.ok(found.acknowledged > 50, `${found.acknowledged} captures were acknowledged`);
        assert.ok(found.evenAfterMs !== undefined, `the sockets are spread: ${JSON.stringify(found.perReplica)}`);
        assert.ok(found.moved >= 10, `${found.moved} players moved`);
      });
    });

    test('a replica that drains under play hands its players to the others, and nobody loses a move', async () => {
      await withCluster({ design }, async (cluster) => {
        const crowd = await Crowd.connect(cluster, 24);
        try {
          await crowd.seat(6);
          crowd.play(unevenly(200));
          await crowd.acknowledged(50);
          // A given replica may have no game by chance, so this takes the first player's.
          const [{ replica: goes }] = crowd.players as [GridPlayer];
          const left = crowd.players.filter(({ replica }) => replica === goes);
          await cluster.killReplica(Number(goes[0]), 'SIGTERM');
          await Promise.all(left.map((player) => player.reconnected()));
          await crowd.acknowledged(100);
          await crowd.stop();
          assert.deepEqual(gridViolations(crowd.histories), []);
        } finally {
          crowd.close();
        }
      });
    });
  });
}

test('stateful: through the edge at most one move in a hundred is passed on, and after a scale-out it is so again', async () => {
  await withCluster({ design: 'stateful' }, async (cluster) => {
    const { replicas } = await cluster.status();
    const late = replicas.at(-1)!;
    process.kill(late.pid!, 'SIGSTOP');
    await cluster.rotation(replicas.slice(0, -1).map(({ name }) => name));
    const crowd = await Crowd.connect(cluster, 96);
    try {
      // Enough games that the late replica almost always gets at least one.
      await crowd.seat(24);
      await members(cluster, replicas.length - 1);
      await crowd.settled(cluster);
      const share = async (moves: number) => {
        const before = await decidedBy(cluster);
        await crowd.acknowledged(moves);
        const after = await decidedBy(cluster);
        assert.ok(
          after.owner + after.forwarded - before.owner - before.forwarded >= moves * 0.9,
          JSON.stringify(after),
        );
        return forwardedShare(before, after);
      };
      // At most one move of each player was under way before: less than a tenth.
      crowd.play(unevenly(1200));
      const still = await share(1000);
      assert.ok(still <= 0.01, `${still} of the moves were passed on while nothing moved`);
      process.kill(late.pid!, 'SIGCONT');
      await crowd.until(late.appId);
      await crowd.settled(cluster);
      const again = await share(1000);
      assert.ok(again <= 0.01, `${again} of the moves were passed on after the scale-out`);
      await crowd.stop();
      assert.deepEqual(gridViolations(crowd.histories), []);
    } finally {
      process.kill(late.pid!, 'SIGCONT');
      crowd.close();
    }
  });
});
