import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import * as v from 'valibot';
import { until } from '../../../tests/kit/wait.ts';
import { type GameState, grid } from '../../apps/grid/grid.ts';
import { DayRanking, RANKING_PATH } from '../../protocol/ranking.ts';
import { createLogger } from '../ops/log.ts';
import type { Replica } from '../replica.ts';
import { startAuthorities, type TestAuthorities } from '../testing/authorities.ts';
import type { TestClient } from '../testing/client.ts';
import { ok, startedGame } from '../testing/play.ts';
import { adminOf, startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, startTestReplica } from '../testing/replica.ts';
import { EndedRooms } from './ended-rooms.ts';
import { GAMES_KEY, GameQuota } from './game-quota.ts';
import { countedKey, Ranking, rankingKeys } from './ranking.ts';

const readRanking = async (url: string) => v.parse(DayRanking, await (await fetch(url + RANKING_PATH)).json());

for (const design of DESIGNS) {
  describe(design, () => {
    let redis: TestRedis;
    let admin: ReturnType<typeof adminOf>;
    let replicas: Replica[] = [];
    let urls: [string, string];
    before(async () => {
      redis = await startRedis();
      admin = adminOf(redis);
      replicas = await Promise.all(['1111', '2222'].map((appId) => startTestReplica(redis.url, appId, { design })));
      urls = replicas.map(({ url }) => url) as [string, string];
    });
    after(async () => {
      admin?.disconnect();
      await Promise.all(replicas.map((replica) => replica.drain()));
      await redis?.stop();
    });
    beforeEach(() => admin.del(...Object.values(rankingKeys(new Date().toISOString().slice(0, 10)))));

    /** Plays a board of nine to its end: the first player takes `cells` of them, the second one the others. */
    async function play(cells: number): Promise<{ game: string; ids: string[]; clients: TestClient[] }> {
      const { ada, bob, game } = await startedGame(urls, 3);
      const clients = [ada, bob];
      for (let cell = 0; cell < 9; cell += 1)
        ok(await (cell < cells ? ada : bob).request({ type: 'capture', game, cell }));
      const ids = await Promise.all(clients.map(async (client) => (await client.next('welcome')).player.id));
      return { game, ids, clients };
    }

    test('a game that ends on every replica counts once for its players, and both replicas report the same', async () => {
      const { game, ids, clients } = await play(6);
      await until(async () => (await admin.exists(countedKey(game))) === 1, 'the game is counted');
      await until(async () => (await admin.zscore(GAMES_KEY, game)) === null, 'it is no longer an open game');
      const rankings = async () => Promise.all(urls.map(readRanking));
      await until(async () => (await rankings()).every(({ players }) => players.length === 2), 'both report the end');
      const [one, other] = await rankings();
      assert.deepEqual(one, other);
      assert.deepEqual(
        one!.players.map(({ rank, id, wins, points }) => [rank, id, wins, points]),
        [
          [1, ids[0], 1, 6],
          [2, ids[1], 0, 3],
        ],
      );
      assert.equal(one!.day, new Date().toISOString().slice(0, 10));
      assert.ok((await admin.ttl(rankingKeys(one!.day).order)) > 24 * 3600, 'the day is kept until it is over');
      for (const client of clients) client.close();
    });

    test('a bot is not in the ranking, but a win against it counts', async () => {
      const { ada, bob, game } = await startedGame(urls, 3);
      ok(await bob.request({ type: 'introduce', game, bot: 'hard' } as never));
      for (let cell = 0; cell < 9; cell += 1) ok(await (cell < 5 ? ada : bob).request({ type: 'capture', game, cell }));
      const { player } = await ada.next('welcome');
      const isTold = async () => (await readRanking(urls[0])).players.some(({ id }) => id === player.id);
      await until(isTold, 'the game counts');
      const { players } = await readRanking(urls[0]);
      assert.deepEqual(
        players.map(({ id, wins, points }) => [id, wins, points]),
        [[player.id, 1, 5]],
      );
      for (const client of [ada, bob]) client.close();
    });
  });
}

describe('without a replica that saw the end', () => {
  let authorities: TestAuthorities;
  before(async () => {
    authorities = await startAuthorities();
  });
  after(() => authorities?.stop());

  const player = (id: string) => ({ player: { id, name: id.toUpperCase() }, generation: 1 });

  /** A game that is over, whose end no replica has reported. */
  async function unseenEnd(name: string): Promise<string> {
    const authority = authorities.of('stateless');
    const [ada, bob] = [player(`${name}-ada`), player(`${name}-bob`)];
    const { view } = await authority.create(ada, `${name}-1`, { players: 2, size: 3, seconds: 300 });
    const { game } = view;
    await authority.join(bob, `${name}-2`, game);
    for (let cell = 0; cell < 9; cell += 1) {
      await authority.act(cell < 7 ? ada : bob, `${name}-c${cell}`, game, { kind: 'capture', cell });
    }
    assert.equal(((await authority.view(game)).state as GameState).status, 'completed');
    return game;
  }

  function replicaParts() {
    const { redis } = authorities;
    const now = () => Date.now();
    const ranking = new Ranking({ redis, now, rememberSeconds: 1800 });
    const gameQuota = new GameQuota({ redis, most: 100, mostOfAddress: 100, now, fullness: () => 0 });
    const faults: string[] = [];
    const endedRooms = new EndedRooms({
      ...{ redis, type: grid, ranking, gameQuota, now },
      view: (room) => authorities.records.view(room),
      onFault: (room) => void faults.push(room),
      log: createLogger('silent', 'test'),
    });
    return { ranking, gameQuota, endedRooms, faults };
  }

  test('a game whose replica died at its end is found by another one and counts once', async (t) => {
    const { redis } = authorities;
    const game = await unseenEnd('lost');
    // The record holds the state while the room went on.
    await redis.zadd(GAMES_KEY, Date.now() + 890_000, game);
    const parts = [replicaParts(), replicaParts(), replicaParts()];
    t.after(() => parts.forEach(({ endedRooms }) => void endedRooms.stop()));
    await until(async () => (await redis.zscore(GAMES_KEY, game)) === null, 'the game is settled', 20_000);
    const { players } = await parts[0]!.ranking.top();
    assert.deepEqual(
      players.map(({ name, wins, points }) => [name, wins, points]),
      [
        ['LOST-ADA', 1, 7],
        ['LOST-BOB', 0, 2],
      ],
    );
    await redis.del(rankingKeys(new Date().toISOString().slice(0, 10)).order);
  });

  test('an end that several replicas report repeatedly at the same time counts once', async (t) => {
    const { redis } = authorities;
    const game = await unseenEnd('often');
    const parts = [replicaParts(), replicaParts()];
    t.after(() => parts.forEach(({ endedRooms }) => void endedRooms.stop()));
    await redis.zadd(GAMES_KEY, Date.now() + 2_000_000, game);
    for (let time = 0; time < 20; time += 1) parts[time % 2]!.endedRooms.note(game);
    await until(async () => (await redis.zscore(GAMES_KEY, game)) === null, 'the game is settled');
    const { players } = await parts[0]!.ranking.top();
    assert.deepEqual(
      players.map(({ rank, name, wins, points }) => [rank, name, wins, points]),
      [
        [1, 'OFTEN-ADA', 1, 7],
        [2, 'OFTEN-BOB', 0, 2],
      ],
    );
  });
});
