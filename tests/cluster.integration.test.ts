import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { type GridPlayer, gridViolations, playersOnDifferentReplicas } from '../loadtest/kit/grid-player.ts';
import { createClient, type MessageEvent } from '../services/client/node.ts';
import { until } from './kit/wait.ts';

// Players must see the same, whichever replica decides.
for (const design of ['stateless', 'stateful'] as const) {
  describe(design, () => {
    let cluster: Cluster;
    const players: GridPlayer[] = [];

    before(async () => {
      cluster = await startCluster({ design });
    });

    after(async () => {
      for (const { client } of players) client.close();
      await cluster?.stop();
    });

    /** Players on different replicas in one game that has begun. */
    async function newGame(count: number, settings: { size: number; seconds: number }) {
      const joined = await playersOnDifferentReplicas(cluster, count);
      players.push(...joined);
      const [host, ...guests] = joined as [GridPlayer, ...GridPlayer[]];
      const { code: game } = await host.client.create({ players: count, ...settings });
      for (const { client } of guests) await client.join(game);
      await Promise.all(joined.map((player) => player.until(game, ({ state }) => state.status === 'active')));
      return { game, joined };
    }

    /** All players capture until the game ends while `fault` strikes; then the histories of all are judged. */
    async function playThrough(fault: (joined: GridPlayer[], game: string) => Promise<void>) {
      const { game, joined } = await newGame(4, { size: 16, seconds: 300 });
      const played = Promise.all(
        joined.map((player, index) => player.playOut(game, (free) => (index * free.length) >> 2)),
      );
      await joined[0]!.until(game, ({ seq }) => seq > 40);
      await fault(joined, game);
      await played;
      await Promise.all(joined.map((player) => player.until(game, ({ state }) => state.status === 'completed')));
      assert.deepEqual(gridViolations(joined.map((player) => player.history())), []);
      const acknowledged = joined.reduce((sum, player) => sum + player.acknowledged, 0);
      const scores = joined[0]!.client.room(game)!.state.players.map(({ score }) => score);
      assert.equal(
        scores.reduce((sum, score) => sum + score, 0),
        256,
        'every cell was captured',
      );
      assert.ok(acknowledged > 200, `${acknowledged} captures were acknowledged`);
      await cluster.settled();
      for (const { client } of joined) client.close();
    }

    test('two clients on different replicas play a game to its end and see the same sequence of events', async () => {
      const { game, joined } = await newGame(2, { size: 5, seconds: 300 });
      const [ann, ben] = joined as [GridPlayer, GridPlayer];
      assert.notEqual(ann.replica, ben.replica);
      await Promise.all([ann.playOut(game, () => 0), ben.playOut(game, (free) => free.length - 1)]);
      await Promise.all(joined.map((player) => player.until(game, ({ state }) => state.status === 'completed')));
      assert.deepEqual(gridViolations([ann.history(), ben.history()]), []);
      const { state } = ann.client.room(game)!;
      assert.deepEqual(state, ben.client.room(game)!.state);
      assert.equal(state.reason, 'board');
      assert.equal(state.ranking?.length, 2);
      assert.equal(ann.history().observed.at(-1)!.seq, ben.history().observed.at(-1)!.seq);
    });

    test('a game whose time runs out ends for everybody with the same ranking, ties included', async () => {
      const { game, joined } = await newGame(2, { size: 9, seconds: 12 });
      await Promise.all(joined.map((player, index) => player.capture(game, index)));
      await Promise.all(joined.map((player) => player.until(game, ({ state }) => state.status === 'completed')));
      const [ann, ben] = joined.map((player) => player.client.room(game)!.state);
      assert.deepEqual(ann, ben);
      assert.equal(ann?.reason, 'time');
      assert.deepEqual(
        ann?.ranking?.map(({ rank, score }) => [rank, score]),
        [
          [1, 1],
          [1, 1],
        ],
      );
    });

    test("chat reaches players on other replicas and carries the APPID of its author's", async () => {
      const joined = await playersOnDifferentReplicas(cluster, 4);
      players.push(...joined);
      const lines: string[] = [];
      joined[3]!.client.on('message', ({ line }: MessageEvent) => void lines.push(line!));
      for (const { client } of joined) await client.subscribe('lobby');
      const said: string[] = [];
      for (const player of joined) {
        await player.client.publish('lobby', { text: 'hello' });
        // Replicas that became ready late get their part of the players about now.
        said.push(`${player.replica}:hello`);
      }
      await until(() => lines.length === said.length, 'the lines of all have come', 60_000);
      assert.deepEqual(lines, said);
    });

    test('a replica killed in mid-game costs no acknowledged capture, no duplicate and no gap', async () => {
      await playThrough(async (joined) => {
        const number = Number(joined[1]!.replica[0]);
        await cluster.killReplica(number, 'SIGKILL');
        await joined[1]!.reconnected();
      });
    });

    test('Redis killed in mid-game and restarted costs no acknowledged capture, no duplicate and no gap', async () => {
      await playThrough(() => cluster.killRedis('SIGKILL'));
    });

    test('the edge killed in mid-game costs no acknowledged capture, no duplicate and no gap', async () => {
      await playThrough(async (joined) => {
        await cluster.killEdge('SIGKILL');
        await Promise.all(joined.map((player) => player.reconnected()));
      });
    });

    test('a replica that is drained sends its players to another one, which loses nothing', async () => {
      await playThrough(async (joined) => {
        await cluster.killReplica(Number(joined[2]!.replica[0]), 'SIGTERM');
        await joined[2]!.reconnected();
      });
    });

    test('a client that trusts another root does not connect', async () => {
      const other = await startCluster({ replicas: 1 });
      const client = createClient({ url: cluster.url, ca: other.rootPem });
      try {
        const refused = new Promise<string>((resolve) => {
          client.on('state', ({ message }) => message !== undefined && resolve(message));
          client.on('error', ({ message }) => resolve(message));
        });
        client.connect().catch(() => undefined);
        assert.match(await refused, /certificate/);
      } finally {
        client.close();
        await other.stop();
      }
    });
  });
}
