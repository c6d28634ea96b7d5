import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { counter } from '../../apps/counter/counter.ts';
import { startAuthorities, type TestAuthorities } from '../testing/authorities.ts';
import { DESIGNS } from '../testing/replica.ts';
import { roomKeys } from './room-log.ts';

let authorities: TestAuthorities;
before(async () => {
  authorities = await startAuthorities(counter);
});
after(() => authorities?.stop());

const ADA = { player: { id: 'ada', name: 'Ada' }, generation: 1 };

for (const design of DESIGNS) {
  describe(design, () => {
    test('an answer that the store loses while a repeat is decided does not count in the epoch that follows', async (t) => {
      const authority = authorities.of(design);
      const { records, redis } = authorities;
      const { game, epoch } = await authority.create(ADA, `create-${design}`, { step: 1 });
      const keys = Object.values(roomKeys(game));
      const kept = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
      const add = () => authority.act(ADA, 'add', game, { kind: 'add', times: 5 });
      const first = await add();
      await authorities.forget();
      // The store returns the stored answer, and has lost it by the time that the repeat is confirmed.
      const append = records.append.bind(records);
      t.mock.method(records, 'append', async (...args: Parameters<typeof append>) => {
        const appended = await append(...args);
        if (appended.tag !== 'known') return appended;
        for (const [index, key] of keys.entries()) {
          await redis.del(key);
          if (kept[index]) await redis.restore(key, 60_000, kept[index]);
        }
        await records.renew(game, epoch);
        return appended;
      });
      const again = await add();
      assert.notEqual(again.epoch, first.epoch);
      const { state } = await authority.view(game);
      assert.equal((state as { value: number }).value, 5, 'what was acknowledged has happened');
      assert.equal(again.duplicate, false);
    });
  });
}
