import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import { capture, type GameState } from '../../apps/grid/grid.ts';
import { startAuthorities, type TestAuthorities } from '../testing/authorities.ts';
import { DESIGNS, type Design } from '../testing/replica.ts';
import { roomKeys } from './room-log.ts';
import { snapshotText } from './room-memory.ts';

/** The error of the replica's clock, in milliseconds: small enough that the store does not correct it. */
let off = 0;
let authorities: TestAuthorities;
before(async () => {
  authorities = await startAuthorities(undefined, { now: () => Date.now() + off });
});
after(async () => {
  await authorities?.stop();
});

const [ADA, BOB] = ['ada', 'bob'].map((id) => ({ player: { id, name: id }, generation: 1 }));
let count = 0;
const id = () => `r${(count += 1)}`;

async function storeNow(): Promise<number> {
  const [seconds, micros] = await authorities.redis.time();
  return Number(seconds) * 1000 + Number(micros) / 1000;
}

/** A game whose time is up after this many milliseconds. */
async function endingIn(design: Design, ms: number) {
  off = 0;
  const authority = authorities.of(design);
  const { game } = await authority.create(ADA!, id(), { players: 2, size: 9, seconds: 300 });
  await authority.join(BOB!, id(), game);
  const { seq, now, state } = await authority.view(game);
  const endsAt = Math.round((await storeNow()) + ms);
  const snapshot = snapshotText(seq, now, { ...(state as GameState), endsAt });
  await authorities.redis.hset(roomKeys(game).head, { snapshot, deadline: endsAt });
  await authorities.forget();
  return { authority, game, endsAt };
}

for (const design of DESIGNS) {
  describe(design, () => {
    test('a replica whose clock is a little behind accepts no capture after time is up', async () => {
      const { authority, game, endsAt } = await endingIn(design, 100);
      await until(async () => (await storeNow()) > endsAt, 'time is over');
      off = -1000;
      await assert.rejects(authority.act(ADA!, id(), game, capture(0)), { code: 'game_over' });
    });

    test('a replica whose clock is a little ahead neither refuses a capture in time nor ends the game', async () => {
      await until(async () => {
        const { authority, game, endsAt } = await endingIn(design, 200);
        off = 200;
        const left = await authority.finish(game);
        const captured = await authority.act(ADA!, id(), game, capture(0)).catch(() => undefined);
        // On a busy machine time may already be up, and then this run shows nothing.
        if ((await storeNow()) >= endsAt) return false;
        assert.ok(left > 0, 'the game goes on');
        assert.ok(captured, 'the capture counts');
        return true;
      }, 'a game is looked up before its time is up');
    });
  });
}
