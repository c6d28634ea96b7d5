import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { LIMITS } from '../../protocol/index.ts';
import type { Replica } from '../replica.ts';
import { guest, TestClient } from '../testing/client.ts';
import { ok, sequence } from '../testing/play.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { startTestReplica } from '../testing/replica.ts';
import { Packet } from './packet.ts';

let redis: TestRedis;
let replica: Replica;

before(async () => {
  redis = await startRedis();
  replica = await startTestReplica(redis.url, '1111');
});
after(async () => {
  await replica?.drain();
  await redis?.stop();
});

test('a client that stops reading is closed with 4413 before more than the limit waits, and resumes without loss', async () => {
  const { token, player } = await guest(replica.url);
  const [fast, slow] = await Promise.all([TestClient.connect(replica.url), TestClient.connect(replica.url, token)]);
  const { game, epoch } = ok(await fast.request({ type: 'create', players: 2, size: 4 }));
  ok(await slow.request({ type: 'join', game: game! }));
  const { seq } = await slow.next('snapshot');
  const connection = replica.sockets.ofPlayer(player.id)[0]!;

  slow.socket.pause();
  const line = new Packet('message', JSON.stringify({ filler: 'x'.repeat(8000) }));
  let delivered = 0;
  // What the kernel takes in between is not the replica's memory.
  for (; connection.isOpen; delivered += 1) {
    assert.ok(delivered < 20_000, 'the queue has an end');
    connection.deliver(line);
    await new Promise((resolve) => setImmediate(resolve));
  }
  slow.socket.removeAllListeners('message');
  slow.socket.resume();
  const [code] = (await once(slow.socket, 'close')) as [number];
  assert.equal(code, 4413);
  assert.ok(delivered * line.text.length > LIMITS.sendQueueBytes);
  for (const cell of sequence(0, 3)) ok(await fast.request({ type: 'capture', game: game!, cell }));

  const back = await TestClient.connect(replica.url, token);
  const resumed = ok(await back.request({ type: 'resume', game: game!, epoch: epoch!, seq }));
  assert.equal(resumed.recovered, true);
  assert.deepEqual(
    back.events(game!).map((event) => event.seq),
    sequence(seq + 1, resumed.seq!),
  );
  fast.close();
  back.close();
});
