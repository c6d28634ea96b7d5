import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:https';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import * as v from 'valibot';
import { startCluster } from '../loadtest/kit/cluster.ts';
import { type GridPlayer, playersOnDifferentReplicas } from '../loadtest/kit/grid-player.ts';
import { DayRanking, RANKING_PATH } from '../services/protocol/ranking.ts';
import { until } from './kit/wait.ts';

const GAMES = 6;
/** The cells of a board. The number is odd, so that one of two players wins. */
const CELLS = 9;
const SECONDS = 20;

for (const design of ['stateless', 'stateful'] as const) {
  describe(design, () => {
    test('games count exactly once, though replicas are killed as they end', async (t) => {
      const cluster = await startCluster({ design });
      const players = await playersOnDifferentReplicas(cluster, 2);
      t.after(async () => {
        for (const { client } of players) client.close();
        await cluster.stop();
      });
      const [ann, ben] = players as [GridPlayer, GridPlayer];
      const ranking = async () => {
        const [answer] = await once(get(cluster.url + RANKING_PATH, { ca: cluster.rootPem }), 'response');
        return v.parse(DayRanking, JSON.parse(await text(answer)));
      };

      for (let number = 0; number < GAMES; number += 1) {
        const { code: game } = await ann.client.create({ players: 2, size: 3, seconds: SECONDS });
        await ben.client.join(game);
        await Promise.all(players.map((player) => player.until(game, ({ state }) => state.status === 'active')));
        await Promise.all([ann.playOut(game, () => 0), ben.playOut(game, (free) => free.length - 1)]);
        // One of them decided or reported the end; at this moment it counts the game.
        const killed = [ann, ben][number % 2]!;
        const { reconnects, replica } = killed.client.health;
        await cluster.killReplica(Number(replica![0]), 'SIGKILL');
        const isBack = () => killed.client.health.reconnects > reconnects && killed.client.state === 'open';
        await until(isBack, 'the player is back', 30_000);
        await Promise.all(players.map((player) => player.until(game, ({ state }) => state.status === 'completed')));
        await cluster.settled();
      }

      const sums = async () => {
        const { players: listed } = await ranking().catch(() => ({ players: [] }));
        const wins = listed.reduce((sum, one) => sum + one.wins, 0);
        return { wins, points: listed.reduce((sum, one) => sum + one.points, 0) };
      };
      // A game that no replica counted is found once its time would have been over.
      await until(async () => (await sums()).points >= GAMES * CELLS, 'all games count', (SECONDS + 20) * 1000);
      assert.deepEqual(await sums(), { wins: GAMES, points: GAMES * CELLS });
    });
  });
}
