import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { GridPlayer, gridViolations } from '../loadtest/kit/grid-player.ts';
import type { Transport } from '../services/protocol/index.ts';
import { type Spread, startSpread } from '../services/server/testing/spread.ts';
import { until } from './kit/wait.ts';

const ALL: readonly Transport[] = ['websocket', 'sse', 'poll'];
const FALLBACKS: readonly Transport[] = ['sse', 'poll'];

// Through the real edge, behind a proxy that lets no WebSocket and no cookie through, so that the edge spreads the
// requests.
for (const design of ['stateless', 'stateful'] as const) {
  describe(design, () => {
    let cluster: Cluster;
    let spread: Spread;
    const players: GridPlayer[] = [];

    before(async () => {
      cluster = await startCluster({ design });
      spread = await startSpread({ targets: [cluster.url], ca: cluster.rootPem, upgradeStatus: 400 });
    });

    after(async () => {
      for (const { client } of players) client.close();
      await spread?.stop();
      await cluster?.stop();
    });

    async function join(transports: readonly Transport[], count: number, settings: { size: number; seconds: number }) {
      const behind = { url: spread.url, rootPem: cluster.rootPem };
      const joined: GridPlayer[] = [];
      for (let number = 1; number <= count; number += 1) {
        joined.push(await GridPlayer.connect(behind, `Player ${number}`, { transports }));
      }
      players.push(...joined);
      const { code: game } = await joined[0]!.client.create({ players: count, ...settings });
      for (const { client } of joined.slice(1)) await client.join(game);
      await Promise.all(joined.map((player) => player.until(game, ({ state }) => state.status === 'active')));
      return { game, joined };
    }

    async function finish(joined: readonly GridPlayer[], game: string, cells: number) {
      await Promise.all(joined.map((player) => player.until(game, ({ state }) => state.status === 'completed')));
      assert.deepEqual(gridViolations(joined.map((player) => player.history())), []);
      const scores = joined[0]!.client.room(game)!.state.players.map(({ score }) => score);
      assert.equal(
        scores.reduce((sum, score) => sum + score, 0),
        cells,
        'every cell was captured',
      );
      for (const { client } of joined) client.close();
    }

    test('where upgrades are refused, the SDK falls back to server-sent events and a game is played to its end', async () => {
      const { game, joined } = await join(ALL, 2, { size: 5, seconds: 300 });
      assert.ok(spread.upgrades >= 4, 'each tried a WebSocket twice');
      assert.deepEqual(
        joined.map(({ client }) => client.health.transport),
        ['sse', 'sse'],
      );
      await Promise.all(joined.map((player, index) => player.playOut(game, (free) => index * (free.length - 1))));
      await finish(joined, game, 25);
    });

    for (const transport of FALLBACKS) {
      test(`by ${transport}: a replica killed in mid-game costs no acknowledged capture, no duplicate and no gap`, async () => {
        const { game, joined } = await join([transport], 3, { size: 12, seconds: 300 });
        const played = Promise.all(
          joined.map((player, index) => player.playOut(game, (free) => ((index * free.length) / 3) | 0)),
        );
        await joined[0]!.until(game, ({ seq }) => seq > 30);
        const lost = joined[1]!;
        await cluster.killReplica(Number(lost.replica[0]), 'SIGKILL');
        await lost.reconnected();
        await played;
        await finish(joined, game, 144);
        await cluster.settled();
      });

      test(`by ${transport}: players cut off in mid-game resume on whichever replica they come to`, async () => {
        const { game, joined } = await join([transport], 3, { size: 12, seconds: 300 });
        const played = Promise.all(
          joined.map((player, index) => player.playOut(game, (free) => ((index * free.length) / 3) | 0)),
        );
        const before = joined.map(({ client }) => client.health.connection);
        await joined[0]!.until(game, ({ seq }) => seq > 30);
        spread.cut();
        await joined[0]!.until(game, ({ seq }) => seq > 60);
        await cluster.killReplica(Number(joined[2]!.replica[0]), 'SIGTERM');
        await played;
        // The game may be over before the replica has gone.
        await until(
          () => joined[2]!.client.health.connection !== before[2],
          'the third player has another connection',
          60_000,
        );
        await finish(joined, game, 144);
        await cluster.settled();
      });
    }
  });
}
