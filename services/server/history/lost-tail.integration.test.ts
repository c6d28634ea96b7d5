import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../../tests/kit/wait.ts';
import type { Replica } from '../replica.ts';
import { TestClient } from '../testing/client.ts';
import { assertGapless, ok, positionsSeen, sequence, startedGame } from '../testing/play.ts';
import { startProxy, type TestProxy } from '../testing/proxy.ts';
import { cutLog, logSize, startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, type Design, startTestReplica } from '../testing/replica.ts';

let redis: TestRedis;
let proxy: TestProxy;
let replicas: Replica[];
let clients: TestClient[];

/** Two replicas on a Redis that promises to keep everything; the first one's way to it can be cut. */
async function setUp(design: Design) {
  redis = await startRedis();
  proxy = await startProxy(redis.port);
  const urls = [`redis://127.0.0.1:${proxy.port}`, redis.url];
  replicas = await Promise.all(urls.map((url, index) => startTestReplica(url, `${index + 1}111`, { design })));
  const playing = await startedGame([replicas[0]!.url, replicas[1]!.url], 8);
  clients = [playing.ada, playing.bob];
  return playing;
}

afterEach(async () => {
  for (const client of clients) client.close();
  await Promise.all(replicas.map((replica) => replica.drain()));
  await proxy.stop();
  await redis.stop();
});

/** Kills Redis, cuts its log to that size if one is given, and starts it again. */
async function restart(size?: number): Promise<void> {
  await redis.kill();
  if (size !== undefined) cutLog(redis, size);
  await redis.restart();
}

/** Often enough that nothing else can come first, and within what a player may ask. */
const RETRY_MS = 50;

/** Repeats a command until it is acknowledged, without a pause in which anybody could notice a loss. */
async function insist(client: TestClient, request: Parameters<TestClient['request']>[0]) {
  for (;;) {
    const answer = await client.request(request);
    if (answer.type === 'ack') return answer;
    assert.ok(['unavailable', 'rate_limited'].includes(answer.code), answer.code);
    await delay(answer.code === 'rate_limited' ? answer.retryAfterMs! : RETRY_MS);
  }
}

/** The acknowledged events, by (epoch, seq). */
class Promises {
  readonly all = new Map<string, string>();

  add(epoch: string, seq: number, what: string): void {
    const place = `${epoch} ${seq}`;
    assert.equal(this.all.get(place) ?? what, what, `${place} is acknowledged once`);
    this.all.set(place, what);
  }
}

async function capture(client: TestClient, game: string, cells: number[], promises: Promises) {
  let last = { epoch: '', seq: 0 };
  for (const cell of cells) {
    const { epoch, seq } = await insist(client, { type: 'capture', game, cell, id: `cell${cell}` });
    last = { epoch: epoch!, seq: seq! };
    promises.add(last.epoch, last.seq, `cell ${cell}`);
  }
  return last;
}

/** The position of a client in a game, and its board. */
function standOf({ received }: TestClient, game: string) {
  let [epoch, seq, cells] = ['', 0, [] as number[]];
  for (const item of received) {
    if ((item.type !== 'snapshot' && item.type !== 'event') || item.game !== game) continue;
    [epoch, seq] = [item.epoch, item.seq];
    if (item.type === 'snapshot') cells = [...item.state.cells];
    else if (item.event.kind === 'captured') cells[item.event.cell] = item.event.seat;
  }
  return { epoch, seq, cells };
}

const isTold = ({ received }: TestClient, game: string) =>
  received.some((item) => item.type === 'snapshot' && item.game === game && item.recovered === false);

async function sameBoard(game: string, { epoch, seq }: { epoch: string; seq: number }): Promise<void> {
  const isThere = (client: TestClient) => {
    const stand = standOf(client, game);
    return stand.epoch === epoch && stand.seq >= seq;
  };
  await until(() => clients.every(isThere), `everybody is at ${epoch} ${seq}`);
  const [first, ...others] = clients.map((client) => standOf(client, game));
  for (const other of others) assert.deepEqual(other, first);
}

for (const design of DESIGNS) {
  describe(design, () => {
    test('a durable log that lost its tail opens a new epoch before anybody who plays on at once is acknowledged', async () => {
      const { ada, bob, game, epoch } = await setUp(design);
      const promises = new Promises();
      await capture(ada, game, [0, 1], promises);
      const size = logSize(redis);
      await Promise.all([capture(ada, game, sequence(2, 4), promises), capture(bob, game, sequence(5, 7), promises)]);
      // Some of these are under way while Redis is killed.
      const playing = [capture(ada, game, sequence(10, 17), promises), capture(bob, game, sequence(20, 27), promises)];
      await restart(size);
      const ends = await Promise.all(playing);
      const [end] = ends.sort((left, right) => right.seq - left.seq);
      assert.notEqual(end!.epoch, epoch);
      await sameBoard(game, end!);
      positionsSeen(clients);
      for (const client of clients) {
        assertGapless(client, game);
        assert.ok(isTold(client, game), 'clients that saw the lost events learn of the loss');
      }
    });

    test('a restart that lost nothing keeps the epoch for those who play on at once', async () => {
      const { ada, bob, game, epoch } = await setUp(design);
      const promises = new Promises();
      await capture(ada, game, sequence(0, 5), promises);
      // Some of these are under way while Redis is killed.
      const playing = [capture(ada, game, sequence(10, 17), promises), capture(bob, game, sequence(20, 27), promises)];
      await restart();
      await Promise.all(playing);
      await sameBoard(game, { epoch, seq: 4 + 22 });
      for (const client of clients) {
        assertGapless(client, game);
        assert.ok(!isTold(client, game), 'nobody is told to start over');
      }
    });

    test('while a replica that may have seen more cannot say so, a new epoch opens', async () => {
      const { ada, bob, game, epoch } = await setUp(design);
      const promises = new Promises();
      await capture(ada, game, [0, 1], promises);
      const size = logSize(redis);
      // Bob's new socket follows nothing: only the first replica and its player know of what comes now.
      const other = await TestClient.connect(replicas[1]!.url, bob.token);
      clients = [ada, other];
      await capture(ada, game, sequence(2, 7), promises);
      proxy.isolate(true);
      await restart(size);
      const end = await capture(other, game, sequence(10, 17), promises);
      assert.notEqual(end.epoch, epoch);
      proxy.isolate(false);
      const told = await ada.next('snapshot', ({ recovered }) => recovered === false);
      assert.equal(told.epoch, end.epoch);
      ok(await insist(other, { type: 'resume', game, epoch: 'none', seq: 0 }));
      await sameBoard(game, await capture(ada, game, [20], promises));
      positionsSeen(clients);
      assertGapless(ada, game);
    });

    test('each line of chat has its own place, even after a durable log lost its end', async () => {
      await setUp(design);
      const promises = new Promises();
      const say = async (client: TestClient, texts: string[]) => {
        for (const text of texts) {
          const { epoch, seq } = await insist(client, { type: 'publish', channel: 'lobby', data: { text }, id: text });
          promises.add(epoch!, seq!, text);
        }
      };
      for (const client of clients) ok(await client.request({ type: 'subscribe', channel: 'lobby' }));
      await say(clients[0]!, ['kept']);
      const size = logSize(redis);
      await Promise.all(clients.map((client, index) => say(client, [`lost-${index}`, `gone-${index}`])));
      await restart(size);
      await Promise.all(clients.map((client, index) => say(client, [`new-${index}`, `next-${index}`])));
      const last = [...promises.all.keys()].at(-1)!.split(' ')[0]!;
      const startedOver = ({ received }: TestClient) =>
        received.some((item) => item.type === 'history' && item.epoch === last);
      await until(() => clients.every(startedOver), 'subscribers of the lobby receive it again');
      positionsSeen(clients);
    });
  });
}
