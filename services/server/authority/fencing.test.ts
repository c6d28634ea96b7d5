import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startAuthorities, type TestAuthorities } from '../testing/authorities.ts';
import { PLAYABLE } from '../testing/play.ts';
import { DESIGNS } from '../testing/replica.ts';

const ADA = { id: 'ada', name: 'Ada' };
const BOB = { id: 'bob', name: 'Bob' };

for (const { type, settings, command, begun } of PLAYABLE) {
  let started: Promise<TestAuthorities> | undefined;
  after(async () => (await started)?.stop());

  for (const design of DESIGNS) {
    test(`${type.name}, ${design}: of two sockets of a player the older one cannot act any more once the newer one has`, async () => {
      started ??= startAuthorities(type);
      const authority = (await started).of(design);
      const older = { player: ADA, generation: 1 };
      const newer = { player: ADA, generation: 2 };
      const { game, epoch } = await authority.create(older, `${design} create`, settings);
      await authority.join({ player: BOB, generation: 1 }, 'join', game);
      const kept = await authority.act(older, 'kept', game, command(0));
      await authority.resume(newer, game, { epoch, seq: begun });
      await assert.rejects(authority.act(older, 'late', game, command(1)), { code: 'superseded' });
      // A repeat still gets its answer, because it changes nothing.
      assert.deepEqual(await authority.act(older, 'kept', game, command(0)), { ...kept, duplicate: true });
      assert.equal((await authority.act(newer, 'new', game, command(2))).seq, kept.seq + 1);
    });
  }
}
