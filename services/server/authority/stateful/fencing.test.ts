import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { until } from '../../../../tests/kit/wait.ts';
import { PLAYABLE } from '../../testing/play.ts';
import { adminOf, startRedis, type TestRedis } from '../../testing/redis.ts';
import { type Side, startSide } from '../../testing/side.ts';
import type { Actor, Applied, Refusal } from '../game-authority.ts';
import type { Plan } from '../plan.ts';
import { roomKeys } from '../room-log.ts';

/** The number of commands of each of the four players. */
const COMMANDS = 60;

/** After this many acknowledged commands the room is taken from its owner. */
const COMMANDS_PER_HOLD = 12;

let redis: TestRedis;
before(async () => {
  redis = await startRedis({ config: ['appendfsync everysec'] });
});
after(() => redis?.stop());

const sides = new Set<Side>();
afterEach(() => sides.forEach((own) => own.close()));

const actor = (name: string): Actor => ({ player: { id: name, name }, generation: 1 });
const [ADA, BOB] = ['ada', 'bob'].map(actor) as [Actor, Actor];

for (const { type, settings, command, begun } of PLAYABLE) {
  const side = async (given = {}) => {
    const own = await startSide(redis, { type, ...given });
    sides.add(own);
    return own;
  };
  /** A room of two, held by `own`. */
  const started = async ({ authority }: Side) => {
    const { game } = await authority.create(ADA, `new ${type.name} ${sides.size}`, settings);
    await authority.join(BOB, 'join', game);
    return game;
  };

  describe(type.name, () => {
    test('a write under an outdated hold is refused, whatever it contains', async (context) => {
      const admin = adminOf(redis);
      context.after(() => admin.disconnect());
      const own = await side();
      const { records, authority } = own;
      const game = await started(own);
      const take = (owner: string, given = {}) => records.take(game, owner, 60_000, given);
      await authority.releaseAll();
      const first = await take('older');
      assert.ok(first.tag === 'taken' && first.memory);
      assert.equal((await take('newer', { silent: first.hold })).tag, 'held');
      await admin.pexpire(roomKeys(game).lease, 1);
      await until(async () => (await take('newer', { silent: first.hold })).tag === 'taken', 'the lease has run out');
      const nothing = {
        outcomes: [],
        requests: [],
        actors: [],
        answers: [],
        share: undefined,
        at: Date.now(),
      } as const;
      const { events: decided } = type.decide(first.memory.state, command(0), { now: Date.now(), player: ADA.player });
      for (const events of [[], decided.map((event) => ({ text: JSON.stringify(event) }))]) {
        const plan: Plan = { ...nothing, events, state: first.memory.state };
        assert.equal(
          (await records.append(game, { hold: first.hold, leaseMs: 60_000 }, first.memory, plan)).tag,
          'fenced',
        );
      }
    });

    test('whichever replicas take rooms from each other during play, each acknowledged command happened once', async () => {
      const players = await Promise.all([0, 1, 2].map(() => side({ leaseMs: 50 })));
      const game = await started(players[0]!);
      const acknowledged: Applied[] = [];
      let disturbances = 0;
      const disturb = async () => {
        const round = disturbances++;
        const { authority, records } = players[round % 3]!;
        if (round % 4 === 3) return authority.releaseAll();
        // As an owner does when nobody listens under the name of the other owner.
        const held = await records.take(game, `thief.${round}`, 10);
        if (held.tag === 'held') await records.take(game, `thief.${round}`, 10, { dead: held.hold });
      };
      const retried = async (attempt: () => Promise<Applied>): Promise<Applied> => {
        for (;;) {
          try {
            return await attempt();
          } catch (error) {
            assert.equal((error as Refusal).code, 'unavailable');
          }
        }
      };
      const play = async ({ authority }: Side, who: Actor, from: number) => {
        for (let number = from; number < from + COMMANDS; number += 1) {
          const applied = await retried(() => authority.act(who, `command${number}`, game, command(number)));
          if (acknowledged.push(applied) % COMMANDS_PER_HOLD === 0) await disturb();
        }
      };
      const [one, two, three] = players as [Side, Side, Side];
      await Promise.all([
        play(one, ADA, 0),
        play(two, BOB, COMMANDS),
        play(three, ADA, 2 * COMMANDS),
        play(two, BOB, 3 * COMMANDS),
      ]);
      const { epoch } = (await one.records.position(game))!;
      const entries = (await one.records.entriesAfter(game, { epoch, seq: 0 }))!;
      const seqs = Array.from({ length: begun + 4 * COMMANDS }, (_, index) => index + 1);
      assert.deepEqual(
        entries.map(({ seq }) => seq),
        seqs,
        'every command is there once',
      );
      const promised = acknowledged.map(({ seq }) => seq).sort((left, right) => left - right);
      assert.deepEqual(promised, seqs.slice(begun), 'and each was promised its own place');
      assert.ok(players.reduce((sum, { taken }) => sum + taken.length, 0) > 5, 'the room changed hands');
    });
  });
}
