import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import { Refusal } from '../authority/game-authority.ts';
import { createLogger } from '../ops/log.ts';
import type { Replica } from '../replica.ts';
import { guest, TestClient } from '../testing/client.ts';
import { ok } from '../testing/play.ts';
import { startProxy } from '../testing/proxy.ts';
import { adminOf, startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, startTestReplica } from '../testing/replica.ts';
import { SeatHold } from './seat-hold.ts';

/** The seat is held for two heartbeats, which is enough time to come back even if the machine pauses for a while. */
const HEARTBEAT_MS = 2000;

for (const design of DESIGNS) {
  describe(design, { concurrency: true }, () => {
    let redis: TestRedis;
    let replica: Replica;

    before(async () => {
      redis = await startRedis();
      replica = await startTestReplica(redis.url, '1111', { heartbeatMs: HEARTBEAT_MS, design });
    });
    after(async () => {
      await replica?.drain();
      await redis?.stop();
    });

    /** A game of three with two players in it. */
    async function waitingGame(token?: string) {
      const host = await TestClient.connect(replica.url);
      const created = await host.request({ type: 'create', players: 3 });
      const game = created.type === 'ack' ? created.game! : assert.fail(created.message);
      const other = await TestClient.connect(replica.url, token);
      assert.equal((await other.request({ type: 'join', game })).type, 'ack');
      return { host, other, game };
    }

    const left = (client: TestClient, game: string) =>
      client.events(game).filter(({ event }) => event.kind === 'left').length;

    test('a player who closes the page while a game waits loses the seat after two heartbeats', async () => {
      const { host, other, game } = await waitingGame();
      other.close();
      const gone = await host.next('event', (message) => message.game === game && message.event.kind === 'left');
      assert.deepEqual(gone.event.kind === 'left' && gone.event.seat, 1);
      host.close();
    });

    test('a player who comes back in time and resumes keeps the seat', async () => {
      const { token } = await guest(replica.url);
      const { host, other, game } = await waitingGame(token);
      const { epoch, seq } = await other.next('snapshot');
      other.close();
      const back = await TestClient.connect(replica.url, token);
      assert.equal((await back.request({ type: 'resume', game, epoch, seq })).type, 'ack');
      // A second player, who is gone for good and whose hold began later, shows when the first one's is over.
      const witness = await TestClient.connect(replica.url);
      const created = await witness.request({ type: 'create', players: 3 });
      const second = created.type === 'ack' ? created.game! : assert.fail(created.message);
      const leaver = await TestClient.connect(replica.url);
      await leaver.request({ type: 'join', game: second });
      leaver.close();
      await witness.next('event', (message) => message.game === second && message.event.kind === 'left');
      assert.equal(left(host, game), 0);
      for (const client of [host, back, witness]) client.close();
    });

    test('a seat in a game that has begun stays with an absent player', async () => {
      const { host, other, game } = await waitingGame();
      const third = await TestClient.connect(replica.url);
      await third.request({ type: 'join', game });
      await host.next('event', (message) => message.game === game && message.event.kind === 'started');
      other.close();
      const witness = await waitingGame();
      witness.other.close();
      await witness.host.next('event', (message) => message.game === witness.game && message.event.kind === 'left');
      assert.equal(left(host, game), 0);
      for (const client of [host, third, witness.host]) client.close();
    });
  });
}

for (const design of DESIGNS) {
  for (const how of ['join', 'match'] as const) {
    test(`${design}: a player who disconnects before the answer to ${how} also loses the seat`, async (t) => {
      const redis = await startRedis();
      t.after(() => redis.stop());
      const replica = await startTestReplica(redis.url, '1111', { heartbeatMs: HEARTBEAT_MS, design });
      t.after(() => replica.drain());
      const host = await TestClient.connect(replica.url);
      const { game } = ok(await host.request({ type: 'match', players: 3 }));
      const { token, player } = await guest(replica.url);
      const leaver = await TestClient.connect(replica.url, token);
      // Redis holds back what is asked of it until nobody waits for it any more.
      const admin = adminOf(redis);
      t.after(() => admin.disconnect());
      await admin.call('CLIENT', 'PAUSE', '600000', 'WRITE');
      leaver.send(how === 'join' ? { type: 'join', id: 'x', game: game! } : { type: 'match', id: 'x', players: 3 });
      await until(async () => /blocked_clients:[1-9]/.test(await admin.info('clients')), 'the request is with Redis');
      leaver.close();
      await until(() => replica.sockets.ofPlayer(player.id).length === 0, 'the connection is gone');
      await admin.call('CLIENT', 'UNPAUSE');
      await host.next('event', ({ event }) => event.kind === 'joined' && event.seat === 1);
      await host.next('event', ({ event }) => event.kind === 'left' && event.seat === 1);
      host.close();
    });
  }
}

for (const design of DESIGNS) {
  test(`${design}: a player who disconnects before a late answer of Redis also loses the seat`, async (t) => {
    const redis = await startRedis();
    t.after(() => redis.stop());
    const proxy = await startProxy(redis.port);
    t.after(() => proxy.stop());
    const given = { heartbeatMs: HEARTBEAT_MS, design };
    const replica = await startTestReplica(`redis://127.0.0.1:${proxy.port}`, '1111', given);
    t.after(() => replica.drain());
    const host = await TestClient.connect(replica.url);
    const { game } = ok(await host.request({ type: 'create', players: 8 }));
    const admin = adminOf(redis);
    t.after(() => admin.disconnect());
    const events = () => admin.xlen(`gridlock:{${game}}:events`);
    const before = await events();
    const { token, player } = await guest(replica.url);
    const leaver = await TestClient.connect(replica.url, token);
    // The rate of the player is checked first. The next request is carried out, and its answer comes too late.
    const hold = proxy.holdAfter(`{player:${player.id}}:rates`);
    leaver.send({ type: 'join', id: 'x', game: game! });
    await until(() => hold.held() > 0, 'the request is on its way to Redis');
    const release = proxy.holdAnswers();
    hold.release();
    await until(async () => (await events()) > before, 'Redis took the seat');
    leaver.close();
    await until(() => replica.sockets.ofPlayer(player.id).length === 0, 'the connection is gone');
    // The later request is given up, and so is this one.
    const later = await host.request({ type: 'create', players: 3 });
    assert.equal(later.type === 'error' && later.code, 'unavailable');
    release();
    const resume = { type: 'resume', game: game!, epoch: 'none', seq: 0 } as const;
    await until(async () => (await host.request(resume)).type === 'ack', 'Redis answers again');
    const happened = (kind: string) => host.events(game!).some(({ event }) => event.kind === kind);
    await until(() => happened('left'), 'the seat is given up', 20_000);
    host.close();
  });
}

for (const design of DESIGNS) {
  test(`${design}: the seat of an absent player is freed even if the replica drains meanwhile`, async (t) => {
    const redis = await startRedis();
    t.after(() => redis.stop());
    const given = { heartbeatMs: HEARTBEAT_MS, design };
    const [one, two] = await Promise.all([
      startTestReplica(redis.url, '1111', given),
      startTestReplica(redis.url, '2222', given),
    ]);
    t.after(() => two.drain());
    await until(() => one.membership.others.some(({ ready }) => ready), 'the replicas know each other');
    const host = await TestClient.connect(two.url);
    const { game } = ok(await host.request({ type: 'create', players: 4 }));
    const [gone, stays] = await Promise.all([TestClient.connect(one.url), TestClient.connect(one.url)]);
    for (const client of [gone, stays]) ok(await client.request({ type: 'join', game: game! }));
    gone.close();
    await until(() => one.sockets.size === 1, 'one is gone');
    // The other one is sent away by the drain, and does not come back.
    await one.drain();
    await until(
      () => host.events(game!).filter(({ event }) => event.kind === 'left').length === 2,
      'both seats are given up',
    );
    host.close();
  });
}

test('a seat that could not be freed while Redis did not answer is freed when Redis answers', async () => {
  let [asked, answers] = [0, false];
  const authority = {
    leave: async () => {
      asked += 1;
      if (!answers) throw new Refusal('unavailable');
      return { game: 'K7QWPM', epoch: 'e', seq: 5, duplicate: false };
    },
  };
  const hold = new SeatHold({ authority, holdMs: 10, log: createLogger('silent', '1111') });
  hold.release({ player: { id: 'ada', name: 'Ada' }, generation: 1 }, 'c1', ['K7QWPM']);
  await until(() => asked >= 3, 'it is tried again');
  answers = true;
  const before = asked;
  await until(() => asked > before, 'it is given up');
  assert.deepEqual(hold.handOver(), []);
  hold.stop();
});

test('a hold that is stopped while Redis does not answer makes no further requests', async () => {
  let asked = 0;
  const refusals = [Promise.withResolvers<never>(), Promise.withResolvers<never>()];
  const hold = new SeatHold({
    authority: { leave: () => refusals[asked++]!.promise },
    holdMs: 1,
    log: createLogger('silent', '1111'),
  });
  hold.release({ player: { id: 'ada', name: 'Ada' }, generation: 1 }, 'c1', ['K7QWPM']);
  await until(() => asked === 1, 'the seat is to be given up');
  hold.stop();
  refusals[0]!.reject(new Refusal('unavailable'));
  await new Promise(setImmediate);
  assert.deepEqual(hold.handOver(), [], 'nothing is waited for');
});
