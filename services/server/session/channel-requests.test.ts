import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import { LIMITS } from '../../protocol/index.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import type { Replica } from '../replica.ts';
import { TestClient } from '../testing/client.ts';
import { ok, patiently } from '../testing/play.ts';
import { adminOf, startRedis, type TestRedis } from '../testing/redis.ts';
import { startTestReplica } from '../testing/replica.ts';

let redis: TestRedis;
let replica: Replica;

before(async () => {
  redis = await startRedis();
  const perPlayer = { ...DEFAULT_LIMITS.perPlayer, gamesPerMinute: 1000 };
  replica = await startTestReplica(redis.url, '1111', { limits: { ...DEFAULT_LIMITS, perPlayer } });
});
after(async () => {
  await replica?.drain();
  await redis?.stop();
});

test('a subscriber of the lobby receives messages again after Redis has lost the channel', async () => {
  const [ada, bob] = await Promise.all([TestClient.connect(replica.url), TestClient.connect(replica.url)]);
  for (const client of [ada, bob]) ok(await client.request({ type: 'subscribe', channel: 'lobby' }));
  ok(await ada.request({ type: 'publish', channel: 'lobby', data: { text: 'before' } }));
  const { epoch } = await bob.next('message', ({ data }) => data.text === 'before');
  const admin = adminOf(redis);
  await admin.del('gridlock:{lobby}:channel', 'gridlock:{lobby}:messages');
  admin.disconnect();
  // By the next look at what is followed, which finds nothing.
  let line = 0;
  const isHeard = async () => {
    // A player may publish only a few messages, and the check may be late.
    ok(await patiently(ada, { type: 'publish', channel: 'lobby', data: { text: `after ${(line += 1)}` } }));
    return bob.received.some(
      (item) => item.type === 'message' && item.epoch !== epoch && item.data.text.startsWith('after'),
    );
  };
  await until(isHeard, 'what is said is heard', 20_000);
  ada.close();
  bob.close();
});

test('a channel that has lost its head but not its lines accepts lines at once, in a new epoch', async () => {
  const ada = await TestClient.connect(replica.url);
  ok(await ada.request({ type: 'subscribe', channel: 'lobby' }));
  const first = ok(await ada.request({ type: 'publish', channel: 'lobby', data: { text: 'one' } }));
  ok(await ada.request({ type: 'publish', channel: 'lobby', data: { text: 'two' } }));
  const admin = adminOf(redis);
  await admin.del('gridlock:{lobby}:channel');
  admin.disconnect();
  const next = ok(await ada.request({ type: 'publish', channel: 'lobby', data: { text: 'three' } }));
  assert.notEqual(next.epoch, first.epoch);
  assert.ok(next.seq! > first.seq! + 1);
  ada.close();
});

test('a connection follows the channels of at most the allowed number of games', async () => {
  const most = LIMITS.channelsPerConnection;
  const guest = await TestClient.connect(replica.url);
  let host = await TestClient.connect(replica.url);
  for (let made = 0; made <= most; made += 1) {
    if (made > 0 && made % LIMITS.gamesPerConnection === 0) {
      host.close();
      host = await TestClient.connect(replica.url);
    }
    const { game } = ok(await patiently(host, { type: 'create', players: 2, seconds: 300 }));
    ok(await patiently(guest, { type: 'join', game: game! }));
    // A player who leaves a game that has begun is still one of its players.
    ok(await patiently(guest, { type: 'leave', game: game! }));
    const answer = await patiently(guest, { type: 'subscribe', channel: game! });
    assert.equal(answer.type === 'error' ? answer.code : 'ack', made < most ? 'ack' : 'too_many_channels', `${made}`);
  }
  guest.close();
  host.close();
});
