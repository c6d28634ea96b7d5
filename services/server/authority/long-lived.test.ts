import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Redis } from 'ioredis';
import { repetitions } from '../../../tests/kit/repetitions.ts';
import { until } from '../../../tests/kit/wait.ts';
import { counter } from '../../apps/counter/counter.ts';
import { startAuthorities, type TestAuthorities } from '../testing/authorities.ts';
import { DESIGNS } from '../testing/replica.ts';
import type { GameAuthority } from './game-authority.ts';
import { roomKeys } from './room-log.ts';

/** Short, so that a room gets past every trim within a test. */
const BOUNDS = { historyMs: 400, historyEvents: 500 };
/** The number of commands in flight. */
const TOGETHER = 64;

let authorities: TestAuthorities;
before(async () => {
  authorities = await startAuthorities(counter, { bounds: BOUNDS });
});
after(async () => {
  await authorities?.stop();
});

const ADA = { player: { id: 'ada', name: 'Ada' }, generation: 1 };
let count = 0;
const id = () => `r${(count += 1)}`;
const numberOf = (state: unknown) => (state as { value: number }).value;

async function addMany(authority: GameAuthority, room: string, times: number): Promise<void> {
  for (let done = 0; done < times; done += TOGETHER) {
    const some = Array.from({ length: Math.min(TOGETHER, times - done) }, () =>
      authority.act(ADA, id(), room, { kind: 'add', times: 1 }),
    );
    await Promise.all(some);
  }
}

/**
 * Bytes of the head and the events of a room. The number of answers is not compared, because it depends on their rate.
 */
async function bytesOf(room: string): Promise<number> {
  const redis = authorities.redis as Redis;
  const { head, events } = roomKeys(room);
  const sizes = await Promise.all([head, events].map((key) => redis.memory('USAGE', key)));
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
}

async function answersOf(room: string): Promise<number> {
  const { answers, olderAnswers } = roomKeys(room);
  const [newer, older] = await Promise.all([authorities.redis.hlen(answers), authorities.redis.hlen(olderAnswers)]);
  return newer + older;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;

for (const design of DESIGNS) {
  describe(design, () => {
    const opened = async () => {
      const authority = authorities.of(design);
      const { game, epoch } = await authority.create(ADA, id(), { step: 1 });
      return { authority, room: game, epoch };
    };

    test('a room keeps its state past every trim, exact resumes within the window, and a snapshot before it', async () => {
      const { authority, room, epoch } = await opened();
      await addMany(authority, room, 1000);
      const events = () => authorities.redis.xlen(roomKeys(room).events);
      await until(async () => {
        await addMany(authority, room, TOGETHER);
        return (await authorities.redis.hget(roomKeys(room).head, 'turned')) === '1';
      }, 'the answers have been rotated');
      assert.ok((await events()) <= BOUNDS.historyEvents + TOGETHER, `${await events()} events are kept`);
      const { seq } = (await authority.position(room))!;
      const view = await authority.view(room);
      assert.deepEqual([view.seq, numberOf(view.state)], [seq, seq - 2]);
      const recent = await authority.resume(ADA, room, { epoch, seq: seq - 10 });
      assert.ok(recent.recovered);
      assert.deepEqual(
        recent.entries.map((entry) => entry.seq),
        Array.from({ length: 10 }, (_, index) => seq - 9 + index),
      );
      const old = await authority.resume(ADA, room, { epoch, seq: 3 });
      assert.ok(!old.recovered);
      assert.equal(numberOf(old.view.state), seq - 2);
    });

    test('a repeat is recognised even after the answers have been rotated', async () => {
      const { authority, room } = await opened();
      const command = { kind: 'add', times: 3 };
      const first = await authority.act(ADA, 'once', room, command);
      await until(async () => {
        await addMany(authority, room, TOGETHER);
        return (await authorities.redis.hget(roomKeys(room).head, 'turned')) === '1';
      }, 'the answers have been rotated');
      const again = await authority.act(ADA, 'once', room, command);
      assert.deepEqual(again, { ...first, duplicate: true });
    });

    test('the answers expire with the room, also those given since the last turn', async () => {
      const { authority, room } = await opened();
      const { head, answers, olderAnswers } = roomKeys(room);
      const { redis } = authorities;
      await until(async () => {
        await addMany(authority, room, TOGETHER);
        return (await redis.hget(head, 'turned')) === '1';
      }, 'the answers have been rotated');
      await authority.act(ADA, id(), room, { kind: 'add', times: 1 });
      for (const key of [answers, olderAnswers]) assert.notEqual(await redis.pttl(key), -1, `${key} never expires`);
    });

    test('a room remembers nothing of the many who came and went', async () => {
      const { authority, room } = await opened();
      const { head } = roomKeys(room);
      const visitors = 200;
      const member = { player: { id: 'bob', name: 'Bob' }, generation: 1 };
      await authority.join(member, id(), room);
      for (let visitor = 0; visitor < visitors; visitor += 1) {
        const actor = { player: { id: `v${visitor}`, name: 'Visitor' }, generation: 1 };
        await authority.join(actor, id(), room);
        await authority.leave(actor, id(), room);
      }
      const recent = { player: { id: 'eve', name: 'Eve' }, generation: 1000 * (Date.now() + 3_600_000) };
      await authority.join(recent, id(), room);
      await authority.leave(recent, id(), room);
      const { redis } = authorities;
      await redis.hset(head, 'answersSince', 0);
      await addMany(authority, room, 10 * TOGETHER);
      const generations = Object.keys(await redis.hgetall(head)).filter((field) => field.startsWith('generation:'));
      // Of those who left, only players who opened a socket lately.
      assert.deepEqual(generations.sort(), ['generation:ada', 'generation:bob', 'generation:eve']);
    });

    test('a replica that has no copy of a room goes on from its snapshot', async () => {
      const { authority, room } = await opened();
      await addMany(authority, room, 300);
      await authorities.forget();
      const { seq } = await authority.act(ADA, id(), room, { kind: 'add', times: 2 });
      assert.deepEqual([seq, numberOf((await authority.view(room)).state)], [303, 302]);
    });
  });
}

test('a room of very many events costs what a new one costs', async () => {
  const authority = authorities.of('stateless');
  const make = async (events: number) => {
    const { game } = await authority.create(ADA, id(), { step: 1 });
    await addMany(authority, game, events);
    return game;
  };
  const events = repetitions(20_000, 1_000_000);
  const old = await make(events);
  // A new one in which as many events are kept.
  const fresh = await make(BOUNDS.historyEvents);
  const [oldBytes, freshBytes] = await Promise.all([bytesOf(old), bytesOf(fresh)]);
  assert.ok(oldBytes <= 2 * freshBytes, `${oldBytes} bytes against ${freshBytes}`);
  assert.ok((await answersOf(old)) < events, 'answers that nobody asks for any more are thrown away');
  const times: Record<string, number[]> = { [old]: [], [fresh]: [] };
  for (let turn = 0; turn < 60; turn += 1) {
    for (const room of [old, fresh]) {
      const from = performance.now();
      await authority.view(room);
      times[room]!.push(performance.now() - from);
    }
  }
  const ratio = median(times[old]!) / median(times[fresh]!);
  assert.ok(ratio <= 2, `reading it takes ${ratio.toFixed(2)} times as long`);
});
