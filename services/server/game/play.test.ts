import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import type { ServerMessageOf } from '../../protocol/index.ts';
import type { Replica } from '../replica.ts';
import { guest, TestClient } from '../testing/client.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, startTestReplica } from '../testing/replica.ts';

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

    /** A game of two on two replicas that has just begun. */
    async function started(shape: { size?: number; seconds?: number } = {}) {
      const guests = await Promise.all([guest(one.url), guest(two.url)]);
      const [ada, bob] = await Promise.all([
        TestClient.connect(one.url, guests[0].token),
        TestClient.connect(two.url, guests[1].token),
      ]);
      const created = ok(await ada.request({ type: 'create', players: 2, size: 3, seconds: 60, ...shape }));
      const game = created.game!;
      ok(await bob.request({ type: 'join', game }));
      await ada.next('event', ({ event }) => event.kind === 'started');
      return { ada, bob, game, epoch: created.epoch!, tokens: guests.map(({ token }) => token) };
    }

    function ok(answer: ServerMessageOf<'ack'> | ServerMessageOf<'error'>): ServerMessageOf<'ack'> {
      assert.equal(answer.type, 'ack', JSON.stringify(answer));
      return answer as ServerMessageOf<'ack'>;
    }

    const codeOf = (answer: ServerMessageOf<'ack'> | ServerMessageOf<'error'>) =>
      answer.type === 'error' ? answer.code : answer.type;

    const sequence = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

    test('welcome comes first and names the replica, and chat lines carry the replica of their author', async () => {
      const [ada, bob] = await Promise.all([TestClient.connect(one.url), TestClient.connect(two.url)]);
      assert.equal(ada.received[0]?.type, 'welcome');
      assert.equal((await ada.next('welcome')).replica, '1111');
      assert.equal((await bob.next('welcome')).replica, '2222');
      await Promise.all([ada, bob].map((client) => client.request({ type: 'subscribe', channel: 'lobby' })));
      ok(await ada.request({ type: 'publish', channel: 'lobby', data: { text: 'hello' } }));
      assert.equal((await bob.next('message')).line, '1111:hello');
      ada.close();
      bob.close();
    });

    test('the same capture sent twice is applied once and answered the same', async () => {
      const { ada, bob, game } = await started();
      const first = ok(await ada.request({ type: 'capture', game, cell: 4, id: 'once' }));
      const again = ok(await ada.request({ type: 'capture', game, cell: 4, id: 'once' }));
      assert.deepEqual(again, { ...first, duplicate: true });
      assert.equal(codeOf(await ada.request({ type: 'capture', game, cell: 5, id: 'once' })), 'id_reused');
      // The id is the player's own: another player may use the same.
      ok(await bob.request({ type: 'capture', game, cell: 5, id: 'once' }));
      ada.close();
      bob.close();
    });

    test('of two players who want one cell exactly one gets it', async () => {
      const { ada, bob, game } = await started();
      const answers = await Promise.all([ada, bob].map((client) => client.request({ type: 'capture', game, cell: 0 })));
      assert.deepEqual(answers.map(codeOf).sort(), ['ack', 'cell_taken']);
      assert.equal(codeOf(await ada.request({ type: 'capture', game, cell: 9 })), 'cell_out_of_range');
      ada.close();
      bob.close();
    });

    test('captures that are sent together are carried out in the order in which they were sent', async () => {
      const { ada, bob, game } = await started({ size: 5 });
      const cells = sequence(0, 24);
      const answers = await Promise.all(cells.map((cell) => ada.request({ type: 'capture', game, cell })));
      assert.deepEqual(
        answers.map((answer) => ok(answer).seq),
        sequence(5, 29),
      );
      ada.close();
      bob.close();
    });

    test('a player who was away resumes on another replica with exactly the missed events', async () => {
      const { ada, bob, game, epoch, tokens } = await started();
      ok(await ada.request({ type: 'capture', game, cell: 0 }));
      await bob.next('event', ({ seq }) => seq === 5);
      bob.close();
      for (const cell of [1, 2, 3]) ok(await ada.request({ type: 'capture', game, cell }));
      const back = await TestClient.connect(one.url, tokens[1]!);
      const ack = ok(await back.request({ type: 'resume', game, epoch, seq: 5 }));
      assert.deepEqual([ack.recovered, ack.seq], [true, 8]);
      ok(await ada.request({ type: 'capture', game, cell: 4 }));
      await back.next('event', ({ seq }) => seq === 9);
      assert.deepEqual(
        back.events(game).map(({ seq }) => seq),
        sequence(6, 9),
      );
      assert.equal(
        back.received.some(({ type }) => type === 'snapshot'),
        false,
      );
      ada.close();
      back.close();
    });

    test('a resume that cannot be exact says so and sends a snapshot', async () => {
      const { ada, bob, game, epoch } = await started();
      for (const known of [
        { epoch: 'another', seq: 4 },
        { epoch, seq: 40 },
      ]) {
        bob.received.length = 0;
        const ack = ok(await bob.request({ type: 'resume', game, ...known }));
        const snapshot = await bob.next('snapshot');
        assert.deepEqual([ack.recovered, snapshot.recovered, snapshot.seq], [false, false, 4]);
      }
      ok(await ada.request({ type: 'capture', game, cell: 0 }));
      await bob.next('event', ({ seq }) => seq === 5);
      assert.equal(bob.events(game).filter(({ seq }) => seq === 5).length, 1);
      ada.close();
      bob.close();
    });

    test('a finished game can be resumed as well', async () => {
      const { ada, bob, game, epoch } = await started();
      for (const cell of sequence(0, 8)) ok(await ada.request({ type: 'capture', game, cell }));
      bob.received.length = 0;
      const ack = ok(await bob.request({ type: 'resume', game, epoch, seq: 4 }));
      assert.equal(ack.recovered, true);
      assert.deepEqual(
        bob
          .events(game)
          .slice(-10)
          .map(({ seq }) => seq),
        sequence(5, 14),
      );
      assert.equal(codeOf(await bob.request({ type: 'capture', game, cell: 0 })), 'game_over');
      ada.close();
      bob.close();
    });

    test('the newer socket of a player closes the older one with 4409, on whichever replica', async () => {
      const { token } = await guest(one.url);
      const older = await TestClient.connect(one.url, token);
      const newer = await TestClient.connect(two.url, token);
      assert.equal(await older.closed(), 4409);
      newer.send({ type: 'ping', t: 1 });
      await newer.next('pong');
      newer.close();
    });

    test('a game whose time is up ends by the clock with a ranking', async () => {
      const { ada, bob, game } = await started({ seconds: 5 });
      ok(await bob.request({ type: 'capture', game, cell: 0 }));
      const end = await ada.next('event', ({ event }) => event.kind === 'finished');
      assert.equal(end.event.kind === 'finished' && end.event.reason, 'time');
      assert.deepEqual(end.event.kind === 'finished' && end.event.ranking.map(({ rank, score }) => [rank, score]), [
        [1, 1],
        [2, 0],
      ]);
      ada.close();
      bob.close();
    });

    test('a player who leaves a waiting game frees the seat and receives nothing more of the game', async () => {
      const [ada, bob] = await Promise.all([TestClient.connect(one.url), TestClient.connect(two.url)]);
      const { game } = ok(await ada.request({ type: 'create', players: 2 }));
      ok(await ada.request({ type: 'leave', game: game! }));
      ok(await bob.request({ type: 'join', game: game! }));
      const { state } = await bob.next('snapshot');
      assert.deepEqual([state.status, state.players.length], ['waiting', 1]);
      assert.equal(
        ada.events(game!).some(({ event }) => event.kind === 'joined'),
        false,
      );
      ada.close();
      bob.close();
    });

    test('two quick matches on different replicas meet', async () => {
      const [ada, bob] = await Promise.all([TestClient.connect(one.url), TestClient.connect(two.url)]);
      const shape = { type: 'match', players: 2, size: 4, seconds: 20 } as const;
      const [left, right] = await Promise.all([ada.request(shape), bob.request(shape)]);
      assert.equal(ok(left).game, ok(right).game);
      await Promise.all([ada, bob].map((client) => client.next('snapshot')));
      ada.close();
      bob.close();
    });

    test('a new subscriber gets the earlier lines, and a returning subscriber only the new ones', async () => {
      const { ada, bob, game } = await started();
      ok(await ada.request({ type: 'subscribe', channel: game }));
      ok(await ada.request({ type: 'publish', channel: game, data: { text: 'first' } }));
      const ack = ok(await ada.request({ type: 'publish', channel: game, data: { text: 'second' } }));
      ok(await bob.request({ type: 'subscribe', channel: game }));
      assert.deepEqual(
        (await bob.next('history')).messages.map(({ data }) => data.text),
        ['first', 'second'],
      );
      bob.received.length = 0;
      ok(await bob.request({ type: 'subscribe', channel: game, epoch: ack.epoch!, after: 1 }));
      assert.deepEqual(
        (await bob.next('history')).messages.map(({ data }) => data.text),
        ['second'],
      );
      ada.close();
      bob.close();
    });

    test('a line sent twice is published once', async () => {
      const ada = await TestClient.connect(one.url);
      ok(await ada.request({ type: 'subscribe', channel: 'lobby' }));
      const first = ok(await ada.request({ type: 'publish', channel: 'lobby', data: { text: 'once' }, id: 'line1' }));
      const again = ok(await ada.request({ type: 'publish', channel: 'lobby', data: { text: 'once' }, id: 'line1' }));
      assert.deepEqual(again, { ...first, duplicate: true });
      assert.equal(
        codeOf(await ada.request({ type: 'publish', channel: 'lobby', data: { text: 'twice' }, id: 'line1' })),
        'id_reused',
      );
      ada.close();
    });

    test('presence lists the players in a channel on all replicas, and not those who left', async () => {
      const { ada, bob, game } = await started();
      ok(await ada.request({ type: 'subscribe', channel: game }));
      ok(await bob.request({ type: 'subscribe', channel: game }));
      await ada.next('presence', ({ channel, count }) => channel === game && count === 2);
      bob.close();
      const counts = () => ada.received.filter((item) => item.type === 'presence').map(({ count }) => count);
      await until(() => counts().at(-1) === 1, 'only one is there');
      ada.close();
    });
  });
}
