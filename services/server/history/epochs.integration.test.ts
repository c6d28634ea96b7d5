import assert from 'node:assert/strict';
import { appendFile, cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { until } from '../../../tests/kit/wait.ts';
import { grid } from '../../apps/grid/grid.ts';
import type { ServerMessageOf } from '../../protocol/index.ts';
import type { Replica } from '../replica.ts';
import type { TestClient } from '../testing/client.ts';
import {
  assertGapless,
  ok,
  PLAYABLE,
  type Playable,
  positionsSeen,
  retryUntilSettled,
  sequence,
  startedRoom,
} from '../testing/play.ts';
import { adminOf, startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, type Design, startTestReplica } from '../testing/replica.ts';

let redis: TestRedis;
let replicas: Replica[];
let admin: Redis | undefined;

async function setUp(playable: Playable, design: Design, config: string[]) {
  redis = await startRedis({ config });
  const type = { ...playable.type, channels: grid.channels! };
  replicas = await Promise.all(['1111', '2222'].map((appId) => startTestReplica(redis.url, appId, { design }, type)));
  return startedRoom(playable, [replicas[0]!.url, replicas[1]!.url]);
}

afterEach(async () => {
  admin?.disconnect();
  await Promise.all(replicas.map((replica) => replica.drain()));
  await redis.stop();
});

/** Kills Redis, does something to its disk, and starts it again; resolves when both replicas serve. */
async function crash(meanwhile: () => Promise<void> = async () => {}) {
  await redis.kill();
  await meanwhile();
  await redis.restart();
  for (const { readiness, internalUrl } of replicas) {
    await until(() => readiness.reason === undefined, `${internalUrl} is ready`);
  }
}

let runs = 0;
/** Gives the place of the last of the commands. */
async function act(playable: Playable, client: TestClient, game: string, numbers: number[]) {
  let last = { epoch: '', seq: 0 };
  const note = ({ epoch, seq }: ServerMessageOf<'ack'>) => void (last = { epoch: epoch!, seq: seq! });
  await retryUntilSettled(client, game, numbers, note, `r${(runs += 1)}-`, playable);
  return last;
}

/** An event comes by itself, or in the snapshot with which an epoch begins. */
const knows = (client: TestClient, game: string, epoch: string, seq: number) =>
  client.received.some(
    (item) =>
      (item.type === 'event' || item.type === 'snapshot') &&
      item.game === game &&
      item.epoch === epoch &&
      item.seq >= seq,
  );

/** A line comes as it is said, or with the lines there are when the channel begins again. */
const hasHeard = (client: TestClient, line: string) =>
  client.received.some(
    (item) =>
      (item.type === 'message' && item.data.text === line) ||
      (item.type === 'history' && item.messages.some(({ data }) => data.text === line)),
  );

/** Was given an epoch other than these. */
const hasStartedOver = (client: TestClient, game: string, epochs: ReadonlySet<string>) =>
  client.received.some(
    (item) => item.type === 'snapshot' && item.recovered === false && item.game === game && !epochs.has(item.epoch),
  );

for (const [playable, design] of PLAYABLE.flatMap((one) => DESIGNS.map((design) => [one, design] as const))) {
  const { begun } = playable;
  const setUpWith = (config: string[]) => setUp(playable, design, config);
  const actAs = (client: TestClient, game: string, numbers: number[]) => act(playable, client, game, numbers);

  describe(`${playable.type.name}, ${design}`, () => {
    test('a restart with appendfsync always keeps the epoch, and nobody is told to start over', async () => {
      const { ada, bob, game, epoch } = await setUpWith([]);
      await actAs(ada, game, sequence(0, 4));
      await crash();
      assert.deepEqual(await actAs(bob, game, sequence(5, 9)), { epoch, seq: begun + 10 });
      // And once more: what was decided of one restart says nothing about the next.
      await crash();
      assert.deepEqual(await actAs(bob, game, sequence(10, 11)), { epoch, seq: begun + 12 });
      await ada.next('event', ({ seq }) => seq === begun + 12);
      for (const client of [ada, bob]) {
        assert.ok(client.received.every((item) => item.type !== 'snapshot' || item.recovered !== false));
        assertGapless(client, game);
      }
    });

    test('a restart with appendfsync everysec opens a new epoch, and each client is told by a snapshot', async () => {
      const { ada, bob, game, epoch } = await setUpWith(['appendfsync everysec']);
      await actAs(ada, game, sequence(0, 4));
      await crash();
      // Without anybody doing anything.
      const told = await Promise.all(
        [ada, bob].map((client) =>
          client.next('snapshot', ({ recovered, game: own }) => own === game && recovered === false),
        ),
      );
      assert.notEqual(told[0]!.epoch, epoch);
      assert.equal(told[0]!.epoch, told[1]!.epoch);
      const resumed = ok(await ada.request({ type: 'resume', game, epoch, seq: begun + 2 }));
      assert.deepEqual([resumed.recovered, resumed.epoch], [false, told[0]!.epoch]);
    });

    test('a Redis that was durable only since its restart does not vouch for what was before', async () => {
      const { ada, game, epoch } = await setUpWith(['appendfsync everysec']);
      await actAs(ada, game, [0]);
      admin = adminOf(redis);
      await admin.config('SET', 'appendfsync', 'always');
      await admin.config('REWRITE');
      await crash();
      const after = await actAs(ada, game, [1]);
      assert.notEqual(after.epoch, epoch);
      await ada.next('snapshot', (item) => item.epoch === after.epoch);
      // From here on it is.
      await crash();
      assert.equal((await actAs(ada, game, [2])).epoch, after.epoch);
    });

    test('a Redis that returns as durable, but was not, counts as having lost its tail', async () => {
      const { ada, game, epoch } = await setUpWith(['appendfsync everysec']);
      await actAs(ada, game, [0]);
      await crash(() => appendFile(join(redis.directory, 'redis.conf'), 'appendfsync always\n'));
      assert.notEqual((await actAs(ada, game, [1])).epoch, epoch);
    });

    test('no epoch and seq is ever used for two events, however much each restart forgets', async () => {
      const { ada, bob, game } = await setUpWith(['appendonly no']);
      admin = adminOf(redis);
      for (const client of [ada, bob]) ok(await client.request({ type: 'subscribe', channel: 'lobby' }));
      const epochs = new Set<string>();
      for (let round = 0; round < 6; round += 1) {
        await admin!.save();
        // Both replicas see the next events, and the crash loses them.
        const numbers = sequence(round * 4, round * 4 + 3);
        const { epoch, seq } = await actAs(round % 2 === 0 ? ada : bob, game, numbers);
        epochs.add(epoch);
        const line = { type: 'publish', channel: 'lobby', data: { text: `round ${round}` } } as const;
        await until(async () => {
          const answer = await ada.request(line);
          // A client that keeps asking is sent away.
          if (answer.type === 'error') await delay(answer.retryAfterMs ?? 100);
          return answer.type === 'ack';
        }, 'the line is said');
        await until(() => [ada, bob].every((client) => knows(client, game, epoch, seq)), 'both know the command');
        await until(() => [ada, bob].every((client) => hasHeard(client, `round ${round}`)), 'both have the line');
        await crash();
        await until(() => admin!.status === 'ready', 'the test is connected again');
        // The next commands come at once, so that a snapshot may hold some of them; or when all know of the restart.
        if (round % 2 === 0) {
          await until(
            () => [ada, bob].every((client) => hasStartedOver(client, game, epochs)),
            'both know of the restart',
          );
        }
      }
      await actAs(ada, game, sequence(40, 43));
      for (const client of [ada, bob]) assertGapless(client, game);
      assert.equal(epochs.size, 6);
      // Six lines, and four commands in each round that did not come at once; none under a name that was taken.
      assert.ok(positionsSeen([ada, bob]) >= 6 + 4 * 4);
    });

    test('a replica that saw more detects an older copy of a durable log, and a new epoch opens', async () => {
      const { ada, bob, game, epoch } = await setUpWith([]);
      const [log, copy] = ['appendonlydir', 'copy'].map((name) => join(redis.directory, name));
      await cp(log!, copy!, { recursive: true });
      await actAs(ada, game, sequence(0, 4));
      await bob.next('event', ({ seq }) => seq === begun + 5);
      await crash(async () => {
        await rm(log!, { recursive: true });
        await cp(copy!, log!, { recursive: true });
      });
      const told = await bob.next('snapshot', ({ recovered, game: own }) => own === game && recovered === false);
      assert.notEqual(told.epoch, epoch);
      await actAs(bob, game, sequence(10, 14));
      await until(() => knows(ada, game, told.epoch, told.seq + 5), 'the other one knows what came after');
      positionsSeen([ada, bob]);
    });
  });
}
