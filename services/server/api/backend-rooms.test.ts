import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as v from 'valibot';
import { until } from '../../../tests/kit/wait.ts';
import { counter } from '../../apps/counter/counter.ts';
import type { AnyRoomType } from '../../protocol/index.ts';
import type { BackendActor } from '../authority/game-authority.ts';
import { roomKeys } from '../authority/room-log.ts';
import { GameClock } from '../cluster/clock.ts';
import { createLogger } from '../ops/log.ts';
import { startAuthorities, type TestAuthorities } from '../testing/authorities.ts';
import { DESIGNS } from '../testing/replica.ts';
import { BackendRooms } from './backend-rooms.ts';

interface State {
  readonly endsAt: number | null;
  readonly over: boolean;
  readonly owner: string;
}

/** A room that is over some milliseconds after the command that starts its timer. */
const bomb: AnyRoomType = {
  ...counter,
  name: 'bomb',
  settings: v.object({}),
  command: v.strictObject({ kind: v.literal('light'), ms: v.number() }),
  event: v.object({ kind: v.string(), owner: v.optional(v.string()), endsAt: v.optional(v.number()) }),
  state: v.object({ endsAt: v.nullable(v.number()), over: v.boolean(), owner: v.string() }),
  decide(_state, command, { now, player }) {
    if (command.kind === 'create') return { events: [{ kind: 'made', owner: player!.id }] };
    if (command.kind === 'light') return { events: [{ kind: 'lit', endsAt: now + command.ms }] };
    return { events: command.kind === 'deadline' ? [{ kind: 'burst' }] : [] };
  },
  evolve: (state: State | undefined, event): State => ({
    owner: event.owner ?? state!.owner,
    endsAt: event.endsAt ?? state?.endsAt ?? null,
    over: event.kind === 'burst',
  }),
  members: ({ owner }: State) => [{ id: owner, name: owner }],
  deadline: ({ endsAt, over }: State) => (over ? undefined : (endsAt ?? undefined)),
  isOver: ({ over }: State) => over,
};

const SHOP: BackendActor = { player: { id: 'ada', name: 'Ada' }, backend: 'shop' };

let authorities: TestAuthorities;
before(async () => {
  authorities = await startAuthorities(bomb);
});
after(async () => {
  await authorities?.stop();
});

for (const design of DESIGNS) {
  describe(design, () => {
    let count = 0;
    const id = () => `${design}${(count += 1)}`;
    function roomsWith(arm: GameClock['arm']) {
      const closed: string[] = [];
      const authority = authorities.of(design);
      const clock = { now: () => Date.now() };
      const endedRooms = { note: (game: string) => void closed.push(game) };
      return { rooms: new BackendRooms({ authority, gameClock: { arm }, endedRooms, clock }), closed, authority };
    }
    const light = (ms: number) => ({ kind: 'light', ms }) as { kind: string };

    test('a room that only backends use ends at its deadline', async (context) => {
      const gameClock: GameClock = new GameClock(
        Date.now,
        (game) => authorities.of(design).finish(game),
        createLogger('silent', 'test'),
      );
      context.after(() => gameClock.stop());
      const { rooms, authority } = roomsWith((game, endsAt) => gameClock.arm(game, endsAt));
      const { room } = await rooms.create(SHOP, id(), {});
      await rooms.command(SHOP, id(), room, light(50));
      await until(async () => bomb.isOver((await authority.view(room)).state), 'the room is over');
    });

    test('a room whose replica died before its deadline is over for the next backend that reads it', async () => {
      const { rooms, closed } = roomsWith(() => undefined);
      const { room } = await rooms.create(SHOP, id(), {});
      // Longer than the first read takes on a busy machine.
      await rooms.command(SHOP, id(), room, light(500));
      assert.equal((await rooms.read(room)).over, false);
      await until(async () => (await rooms.read(room)).over, 'the room is over');
      assert.deepEqual(closed, [room]);
      assert.deepEqual((await rooms.read(room)).deadline, null);
      const { events } = await rooms.events(room, { after: 2 }, 10);
      assert.deepEqual(
        events.map(({ event, over }) => [event, over]),
        [[{ kind: 'burst' }, true]],
      );
    });

    test('the answer says when events were trimmed or lost with their epoch', async () => {
      const { rooms, authority } = roomsWith(() => undefined);
      const { room, epoch } = await rooms.create(SHOP, id(), {});
      const { redis } = authorities;
      const { head, events } = roomKeys(room);
      await Promise.all(Array.from({ length: 70 }, () => rooms.command(SHOP, id(), room, light(60_000))));
      await rooms.command(SHOP, id(), room, light(60_000));
      const seqs = (page: Awaited<ReturnType<BackendRooms['events']>>) => page.events.map(({ seq }) => seq);
      const newest = (await rooms.read(room)).seq;
      // A long-lived room drops the events before its snapshot.
      const first = Number.parseInt((await redis.hget(head, 'snapshot'))!, 10) + 1;
      await redis.xtrim(events, 'MINID', `${first}-0`);
      const left = Array.from({ length: newest - first + 1 }, (_, index) => first + index);
      const rest = await rooms.events(room, { epoch, after: 0 }, 100);
      assert.deepEqual([rest.trimmed, rest.reset, seqs(rest)], [true, false, left]);
      const kept = await rooms.events(room, { epoch, after: first - 1 }, 100);
      assert.deepEqual([kept.trimmed, seqs(kept)], [false, left]);

      await authority.renew(room, epoch);
      const { seq } = await rooms.command(SHOP, id(), room, light(60_000));
      const lost = await rooms.events(room, { epoch, after: first }, 100);
      assert.deepEqual([lost.reset, lost.after, seqs(lost)], [true, newest, [seq]]);
      const all = await rooms.events(room, { after: 0 }, 10);
      assert.deepEqual([all.reset, all.trimmed, seqs(all)], [false, true, [seq]]);
    });
  });
}
