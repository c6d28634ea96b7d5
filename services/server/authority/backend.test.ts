import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { counter } from '../../apps/counter/counter.ts';
import { startAuthorities, type TestAuthorities } from '../testing/authorities.ts';
import { DESIGNS } from '../testing/replica.ts';
import { type BackendActor, Refusal } from './game-authority.ts';
import { roomKeys } from './room-log.ts';

/** No event is kept for longer than a snapshot takes to come. */
const BOUNDS = { historyMs: 1, historyEvents: 32 };

let authorities: TestAuthorities;
before(async () => {
  authorities = await startAuthorities(counter, { bounds: BOUNDS });
});
after(async () => {
  await authorities?.stop();
});

const ADA = { id: 'ada', name: 'Ada' };
const SHOP: BackendActor = { player: ADA, backend: 'shop' };
let count = 0;
const id = () => `r${(count += 1)}`;
const add = { kind: 'add', times: 1 };
const refused = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;

for (const design of DESIGNS) {
  describe(design, () => {
    test('a socket of the player does not fence a backend, and a backend does not fence a socket', async () => {
      const authority = authorities.of(design);
      const { game } = await authority.create(SHOP, id(), { step: 1 });
      const [older, newer] = [1, 2].map((generation) => ({ player: ADA, generation }));
      await authority.act(newer!, id(), game, add);
      await authority.act(SHOP, id(), game, add);
      await authority.act(newer!, id(), game, add);
      await assert.rejects(authority.act(older!, id(), game, add), refused('superseded'));
      assert.equal((await authority.view(game)).seq, 5);
    });

    test('a repeat gets its answer even when the player has left and the room has been read again', async () => {
      const authority = authorities.of(design);
      const [made, acted] = [id(), id()];
      const { game } = await authority.create(SHOP, made, { step: 1 });
      const { seq } = await authority.act(SHOP, acted, game, add);
      await authority.join({ player: { id: 'bob', name: 'Bob' }, generation: 1 }, id(), game);
      await authority.leave({ player: ADA, generation: 1 }, id(), game);
      await authorities.forget();
      const again = await authority.act(SHOP, acted, game, add);
      assert.deepEqual([again.seq, again.duplicate], [seq, true]);
      const room = await authority.create(SHOP, made, { step: 1 });
      assert.deepEqual([room.game, room.seq, room.duplicate], [game, 2, true]);
      await assert.rejects(authority.act(SHOP, id(), game, add), refused('not_a_player'));
    });

    test('a room is given the name of the player that it already knows', async () => {
      const authority = authorities.of(design);
      const { game } = await authority.create(SHOP, id(), { step: 1 });
      const nameless: BackendActor = { player: { id: 'ada', name: '' }, backend: 'shop' };
      await authority.act(nameless, id(), game, add);
      const { state } = await authority.view(game);
      assert.deepEqual(counter.members(state as never), [ADA]);
    });

    test('a page begins with the oldest kept event, or with the present epoch if another one was requested', async () => {
      const authority = authorities.of(design);
      const { game, epoch } = await authority.create(SHOP, id(), { step: 1 });
      for (let done = 0; done < 200; done += 1) await authority.act(SHOP, id(), game, add);
      const { entries, ...rest } = await authority.page(game, { epoch, seq: 3 }, 5);
      assert.deepEqual(rest, { epoch, seq: 202, after: 3 });
      assert.equal(entries.length, 5);
      const [oldest] = await authorities.redis.xrange(roomKeys(game).events, '-', '+', 'COUNT', 1);
      assert.equal(entries[0]!.seq, Number.parseInt(oldest![0], 10));
      assert.ok(entries[0]!.seq > 4, 'some were trimmed');
      await authority.renew(game, epoch);
      const now = (await authority.position(game))!.epoch;
      assert.notEqual(now, epoch);
      await authorities.forget();
      await authority.act(SHOP, id(), game, add);
      const later = await authority.page(game, { epoch, seq: 3 }, 5);
      assert.deepEqual([later.epoch, later.after, later.entries.map(({ seq }) => seq)], [now, 202, [203]]);
      const any = await authority.page(game, {}, 5);
      assert.deepEqual([any.epoch, any.after, any.entries.map(({ seq }) => seq)], [now, 0, [203]]);
      await assert.rejects(authority.page('ZZZZZZ', {}, 5), refused('game_not_found'));
    });
  });
}
