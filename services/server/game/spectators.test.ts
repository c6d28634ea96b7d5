import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import { applyEvent, capture, type GameState, grid } from '../../apps/grid/grid.ts';
import { createClient } from '../../client/node.ts';
import type { Replica } from '../replica.ts';
import { TestClient } from '../testing/client.ts';
import { ok } from '../testing/play.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, startTestReplica } from '../testing/replica.ts';

for (const design of DESIGNS) {
  describe(design, () => {
    let redis: TestRedis;
    let replicas: [Replica, Replica];
    let urls: [string, string];

    before(async () => {
      redis = await startRedis();
      replicas = await Promise.all([
        startTestReplica(redis.url, '1111', { design }),
        startTestReplica(redis.url, '2222', { design }),
      ]);
      urls = [replicas[0].url, replicas[1].url];
    });
    after(async () => {
      await Promise.all(replicas?.map((replica) => replica.drain()) ?? []);
      await redis?.stop();
    });

    /** A game of two that has begun. */
    async function started(spectators: boolean | undefined) {
      const [ada, bob] = (await Promise.all(urls.map((url) => TestClient.connect(url)))) as [TestClient, TestClient];
      const { game } = ok(
        await ada.request({
          type: 'create',
          players: 2,
          size: 4,
          seconds: 60,
          ...(spectators === undefined ? {} : { spectators }),
        }),
      );
      ok(await bob.request({ type: 'join', game: game! }));
      await ada.next('event', ({ event }) => event.kind === 'started');
      return { ada, bob, game: game! };
    }

    test('a player who asks to watch keeps the seat over a cut', async (t) => {
      // The seat is held for two heartbeats, which is enough time to come back even if the machine pauses for a while.
      const own = await startTestReplica(redis.url, '3333', { design, heartbeatMs: 2000 });
      t.after(() => own.drain());
      const client = createClient({ room: grid, url: own.url, transports: ['websocket'], routeByGame: false });
      t.after(() => client.close());
      await client.connect();
      const { code: game } = await client.create({ players: 3, spectators: true });
      await client.watch(game);
      own.sockets.all()[0]!.close('serviceRestart');
      await until(() => client.health.reconnects === 1, 'it is back');
      // The seat of who is gone for good, whose hold began later, shows when the first one's is over.
      const other = await TestClient.connect(own.url);
      ok(await other.request({ type: 'join', game }));
      const names = () => client.room(game)!.state.players.length;
      await until(() => names() === 2, 'the other one is seen');
      other.close();
      await until(() => names() !== 2, 'the other seat is given up');
      assert.deepEqual(
        client.room(game)!.state.players.map(({ id }) => id),
        [client.player!.id],
      );
    });

    test('players can read the chat of the watchers only after the end of the game', async () => {
      const { ada, bob, game } = await started(true);
      const [eve, dan] = await Promise.all(urls.map((url) => TestClient.connect(url)));
      const channel = `watchers:${game}`;
      const refusal = async (client: TestClient, of = channel) => {
        const answer = await client.request({ type: 'subscribe', channel: of });
        return answer.type === 'error' ? answer.code : answer.type;
      };
      for (const client of [eve!, dan!]) ok(await client.request({ type: 'subscribe', channel }));
      ok(await eve!.request({ type: 'publish', channel, data: { text: 'ada takes the corner' } }));
      await dan!.next('message', (message) => message.channel === channel);
      assert.equal(await refusal(ada), 'not_allowed', 'a player is not advised');
      assert.equal(await refusal(eve!, game), 'game_not_found', 'the chat of the players is theirs');
      for (let cell = 0; cell < 16; cell += 1) ok(await bob.request({ type: 'capture', game, cell }));
      ok(await ada.request({ type: 'subscribe', channel }));
      const { messages } = await ada.next('history', (history) => history.channel === channel);
      assert.deepEqual(
        messages.map(({ data }) => data),
        [{ text: 'ada takes the corner' }],
      );
      for (const client of [ada, bob, eve!, dan!]) client.close();
    });

    test('a game that nobody may watch has no channel for watchers, and does not reveal that it exists', async () => {
      const { ada, bob, game } = await started(undefined);
      const eve = await TestClient.connect(urls[0]);
      const answers = await Promise.all(
        [eve, ada].map((client) => client.request({ type: 'subscribe', channel: `watchers:${game}` })),
      );
      const codes = answers.map((answer) => (answer.type === 'error' ? answer.code : answer.type));
      assert.deepEqual(codes, ['game_not_found', 'not_allowed']);
      for (const client of [ada, bob, eve]) client.close();
    });

    test('a watcher gets the present game and every event of it, from any replica', async () => {
      const { ada, bob, game } = await started(true);
      ok(await ada.request({ type: 'capture', game, cell: 0 }));
      const eve = await TestClient.connect(urls[1]);
      const ack = ok(await eve.request({ type: 'watch', game }));
      assert.equal(ack.recovered, undefined, 'nothing was known, so that nothing is lost');
      const { state, seq, epoch } = await eve.next('snapshot');
      assert.equal(state.settings.spectators, true);
      assert.equal(state.cells[0], 0);
      ok(await bob.request({ type: 'capture', game, cell: 1 }));
      await eve.next('event', ({ event }) => event.kind === 'captured' && event.cell === 1);
      const folded = eve.events(game).reduce<GameState>((now, { event, at }) => applyEvent(now, event, at), state);
      assert.deepEqual(
        folded.players.map(({ score }) => score),
        [1, 1],
      );
      assert.deepEqual(
        eve.events(game).map((event) => event.seq),
        [seq + 1],
      );
      eve.close();
      ok(await ada.request({ type: 'capture', game, cell: 2 }));
      const back = await TestClient.connect(urls[0]);
      const resumed = ok(await back.request({ type: 'watch', game, epoch, seq: seq + 1 }));
      assert.equal(resumed.recovered, true);
      await back.next('event', (event) => event.seq === seq + 2);
      assert.equal(
        back.received.some(({ type }) => type === 'snapshot'),
        false,
      );
      for (const client of [ada, bob, back]) client.close();
    });

    test('a watcher may not move, chat in the game, or resume like a player', async () => {
      const { ada, bob, game } = await started(true);
      const eve = await TestClient.connect(urls[0]);
      ok(await eve.request({ type: 'watch', game }));
      const { epoch } = await eve.next('snapshot');
      for (const message of [
        { type: 'capture', game, cell: 5 },
        { type: 'subscribe', channel: game },
        { type: 'resume', game, epoch, seq: 0 },
      ] as const) {
        const answer = await eve.request(message);
        assert.equal(answer.type === 'error' && answer.code, 'not_a_player', message.type);
      }
      const said = await eve.request({ type: 'publish', channel: game, data: { text: 'left corner!' } });
      assert.equal(said.type === 'error' && said.code, 'not_subscribed');
      const joined = await eve.request({ type: 'join', game });
      assert.equal(joined.type === 'error' && joined.code, 'game_full');
      const { seq } = ok(await ada.request({ type: 'capture', game, cell: 5 }));
      assert.equal(seq, 5, 'nothing of all that is in the history');
      for (const client of [ada, bob, eve]) client.close();
    });

    test('nobody sees or changes a game that does not let others watch', async () => {
      for (const spectators of [undefined, false]) {
        const { ada, bob, game } = await started(spectators);
        const eve = await TestClient.connect(urls[1]);
        const { epoch } = await ada.next('snapshot');
        for (const message of [
          { type: 'watch', game },
          { type: 'watch', game, epoch, seq: 0 },
          { type: 'watch', game, epoch, seq: 4 },
          { type: 'resume', game, epoch, seq: 0 },
          { type: 'capture', game, cell: 0 },
          { type: 'leave', game },
          { type: 'subscribe', channel: game },
        ] as const) {
          const answer = await eve.request(message);
          assert.equal(answer.type === 'error' && answer.code, 'game_not_found', message.type);
        }
        ok(await ada.request({ type: 'subscribe', channel: game }));
        ok(await ada.request({ type: 'publish', channel: game, data: { text: 'between us' } }));
        ok(await ada.request({ type: 'capture', game, cell: 0 }));
        await bob.next('event', ({ event }) => event.kind === 'captured');
        const told = eve.received.filter(({ type }) => type !== 'welcome' && type !== 'error');
        assert.deepEqual(told, [], 'and nothing of it came');
        for (const client of [ada, bob, eve]) client.close();
      }
    });

    test('a watcher who leaves receives nothing further, and the seats stay as they were', async () => {
      const { ada, bob, game } = await started(true);
      const eve = await TestClient.connect(urls[0]);
      ok(await eve.request({ type: 'watch', game }));
      ok(await eve.request({ type: 'leave', game }));
      ok(await ada.request({ type: 'capture', game, cell: 0 }));
      await bob.next('event', ({ event }) => event.kind === 'captured');
      assert.deepEqual(eve.events(game), []);
      for (const client of [ada, bob, eve]) client.close();
    });

    test('players and watchers receive the number of watchers, over all replicas', async () => {
      const { ada, bob, game } = await started(true);
      const watchers = await Promise.all([urls[0], urls[1], urls[1]].map((url) => TestClient.connect(url)));
      for (const watcher of watchers) ok(await watcher.request({ type: 'watch', game }));
      const isThree = ({ count, game: of }: { count: number; game: string }) => count === 3 && of === game;
      for (const client of [ada, bob, ...watchers]) await client.next('watchers', isThree);
      watchers[0]!.close();
      await ada.next('watchers', ({ count }) => count === 2);
      for (const client of [ada, bob, ...watchers]) client.close();
    });

    test('a quick match does not mix players who allow watchers with those who do not', async () => {
      const [ada, bob] = [await TestClient.connect(urls[0]), await TestClient.connect(urls[1])];
      const shape = { type: 'match', players: 2, size: 5, seconds: 9 } as const;
      const open = ok(await ada.request({ ...shape, spectators: true }));
      const closed = ok(await bob.request(shape));
      assert.notEqual(open.game, closed.game);
      ada.close();
      bob.close();
    });

    test('the SDK watches, goes on after a cut and keeps out of the game', async () => {
      const { ada, bob, game } = await started(true);
      const client = createClient({ room: grid, url: urls[0] });
      await client.connect();
      const room = await client.watch(game);
      assert.equal(room.isWatching, true);
      for (const connection of replicas[0].sockets.ofPlayer(client.player!.id)) connection.close('serviceRestart');
      ok(await bob.request({ type: 'capture', game, cell: 3 }));
      await until(() => client.health.reconnects === 1 && room.state.cells[3] === 1, 'it saw the move');
      await assert.rejects(room.send(capture(4)), { code: 'not_a_player' });
      await room.leave();
      assert.equal(client.room(game), undefined);
      client.close();
      ada.close();
      bob.close();
    });
  });
}
