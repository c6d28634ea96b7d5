import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { counter } from '../../apps/counter/counter.ts';
import type { AnyCommand } from '../../protocol/index.ts';
import { startAuthorities, type TestAuthorities } from '../testing/authorities.ts';
import { DESIGNS } from '../testing/replica.ts';
import type { GameAuthority } from './game-authority.ts';
import type { Fault } from './plan.ts';

/** Misbehaves at certain values of `times`. */
const MISTAKES: Record<number, () => unknown> = {
  1: () => {
    throw new Error('a mistake in decide');
  },
  2: () => [{ kind: 'added', player: 'ada', amount: 'one' }],
  4: () => {
    // Counts computing time, not waiting time, because a busy machine pauses threads.
    for (const before = process.threadCpuUsage(); process.threadCpuUsage(before).user < 40_000; );
    return [{ kind: 'added', player: 'ada', amount: 1 }];
  },
};
const careless: typeof counter = {
  ...counter,
  decide(state, command, context) {
    const mistake = command.kind === 'add' ? MISTAKES[command.times] : undefined;
    return mistake ? { events: mistake() as never } : counter.decide(state, command, context);
  },
  evolve(state, event, at) {
    if (event.kind === 'added' && event.amount === 7) throw new Error('a mistake in evolve');
    return counter.evolve(state, event, at);
  },
  deadline: ({ value }) => (value === 8 ? Number.NaN : undefined),
};

let authorities: TestAuthorities;
const faults: { room: string; fault: Fault }[] = [];
before(async () => {
  authorities = await startAuthorities(careless, { onFault: (room, fault) => faults.push({ room, fault }) });
});
beforeEach(() => faults.splice(0));
after(async () => {
  await authorities?.stop();
});

const ADA = { player: { id: 'ada', name: 'Ada' }, generation: 1 };
let count = 0;
const id = () => `r${(count += 1)}`;
const add = (authority: GameAuthority, room: string, times: number) =>
  authority.act(ADA, id(), room, { kind: 'add', times } satisfies AnyCommand);

for (const design of DESIGNS) {
  describe(design, () => {
    const opened = async () => {
      const authority = authorities.of(design);
      const { game } = await authority.create(ADA, id(), { step: 1 });
      return { authority, room: game };
    };

    for (const [what, times, reason] of [
      ['throws in decide', 1, /decide failed: a mistake in decide/],
      ['emits an event that its schema does not allow', 2, /an event does not match its schema/],
      ['throws in evolve', 7, /evolve failed: a mistake in evolve/],
      ['takes too long', 4, /decide took \d+ ms/],
      ['gives a deadline that is not a number', 3, /the deadline NaN is not a whole number of milliseconds/],
    ] as const) {
      test(`an application that ${what} loses the command and nothing else`, async () => {
        const { authority, room } = await opened();
        const before = await add(authority, room, 5);
        await assert.rejects(add(authority, room, times), { code: 'app_failed' });
        assert.equal(faults.length, 1);
        assert.deepEqual([faults[0]!.room, faults[0]!.fault.command], [room, 'add']);
        assert.match(faults[0]!.fault.reason, reason);
        const next = await add(authority, room, 6);
        assert.equal(next.seq, before.seq + 1);
        assert.equal(((await authority.view(room)).state as { value: number }).value, 11);
      });
    }

    test('after its application stalls again, a room is not asked for a while, but other rooms are', async () => {
      const [one, two] = [await opened(), await opened()];
      for (let time = 0; time < 2; time += 1) {
        await assert.rejects(add(one.authority, one.room, 4), { code: 'app_failed' });
      }
      await assert.rejects(add(one.authority, one.room, 5), { code: 'app_failed' });
      assert.equal(faults.length, 2);
      await add(two.authority, two.room, 5);
    });
  });
}
