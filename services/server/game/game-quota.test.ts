import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as v from 'valibot';
import { until } from '../../../tests/kit/wait.ts';
import { counter } from '../../apps/counter/counter.ts';
import type { AnyRoomType } from '../../protocol/index.ts';
import { headKey } from '../authority/room-log.ts';
import { TestClient } from '../testing/client.ts';
import { ok } from '../testing/play.ts';
import { adminOf, startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, startTestReplica } from '../testing/replica.ts';
import { GAMES_KEY } from './game-quota.ts';

/** Seconds: short, so that a test outlives them. */
const RETENTION = { idle: 3, empty: 1200 };

/** A counter with one deadline, as many seconds after it was made as its step, with which it goes on. */
const timed: AnyRoomType = {
  ...counter,
  retention: RETENTION,
  event: v.union([counter.event, v.object({ kind: v.literal('passed') })]),
  decide: (state, command, context) =>
    command.kind === 'deadline' ? { events: [{ kind: 'passed' }] } : counter.decide(state, command, context),
  evolve: (state, event, at) => {
    if (event.kind === 'passed') return { ...state, endsAt: null };
    const next = counter.evolve(state, event, at);
    return event.kind === 'opened' ? { ...next, endsAt: at + 1000 * event.step } : next;
  },
  deadline: ({ endsAt }) => endsAt ?? undefined,
};

let redis: TestRedis;
before(async () => {
  redis = await startRedis();
});
after(() => redis?.stop());

for (const design of DESIGNS) {
  describe(design, () => {
    test('a room is kept, and counts, for as long after its last event as its type says', async (t) => {
      const app = { ...counter, retention: RETENTION };
      const replica = await startTestReplica(redis.url, design === 'stateless' ? '1111' : '2222', { design }, app);
      t.after(() => replica.drain());
      const admin = adminOf(redis);
      t.after(() => admin.disconnect());
      const ada = await TestClient.connect(replica.url);
      t.after(() => ada.close());
      const room = ok(await ada.request({ type: 'create' })).game!;
      const left = async () => (await admin.pttl(headKey(room))) / 1000;
      const counts = async () => Number((await admin.zscore(GAMES_KEY, room)) ?? 0);
      assert.ok((await left()) <= RETENTION.idle, `${await left()} s are left`);
      await until(async () => (await counts()) > 0, 'the room counts');
      const first = await counts();
      // As long as something happens, it is there.
      const goesOn = async () => {
        if ((await left()) < RETENTION.idle - 1) ok(await ada.request({ type: 'add', game: room, times: 1 }));
        return (await counts()) > first + 1000 * RETENTION.idle;
      };
      await until(goesOn, 'the room lives longer than it is kept without an event', 20_000);
      ok(await ada.request({ type: 'leave', game: room }));
      await until(async () => (await left()) > RETENTION.idle, 'an empty room is kept as its type says');
      await until(async () => (await counts()) > Date.now() + 1000 * (RETENTION.empty - 60), 'it counts as long');
      const counted = (await admin.pttl(GAMES_KEY)) / 1000;
      assert.ok(counted > RETENTION.empty - 60, `the count of rooms is kept for ${counted} s`);
    });

    test('a room with a deadline counts until that, and longer when it goes on after it', async (t) => {
      const replica = await startTestReplica(redis.url, design === 'stateless' ? '3333' : '4444', { design }, timed);
      t.after(() => replica.drain());
      const admin = adminOf(redis);
      t.after(() => admin.disconnect());
      const ada = await TestClient.connect(replica.url);
      t.after(() => ada.close());
      const counts = async (room: string) => Number((await admin.zscore(GAMES_KEY, room)) ?? 0);
      const long = ok(await ada.request({ type: 'create', step: 60 })).game!;
      await until(async () => (await counts(long)) > Date.now() + 55_000, 'it counts until the deadline');
      const short = ok(await ada.request({ type: 'create', step: 1 })).game!;
      await until(async () => (await admin.hget(headKey(short), 'deadline')) === '', 'the deadline is over');
      // The work after the deadline is done before this.
      ok(await ada.request({ type: 'add', game: short, times: 1 }));
      assert.ok((await counts(short)) > 0, 'the room is there, and counts');
    });
  });
}
