import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import type { Redis } from 'ioredis';
import { until } from '../../../tests/kit/wait.ts';
import type { GameState } from '../../apps/grid/grid.ts';
import { CODE_ALPHABET } from '../../protocol/index.ts';
import { startAuthorities, type TestAuthorities } from '../testing/authorities.ts';
import { DESIGNS } from '../testing/replica.ts';
import { roomKeys } from './room-log.ts';
import { snapshotText } from './room-memory.ts';

let authorities: TestAuthorities;

before(async () => {
  authorities = await startAuthorities();
});
// Both designs find the same open games.
beforeEach(() => authorities.redis.flushall());
after(async () => {
  await authorities?.stop();
});

const PLAYERS = ['ada', 'bob', 'cyd', 'dan'].map((name, index) => ({ id: `p${index}`, name }));
const newId = () => randomBytes(9).toString('base64url');
const shapeOf2 = () => ({ players: 2, size: 3, seconds: 30 });

for (const design of DESIGNS) {
  test(`${design}: a repeat of a request to create gives the game it made, on any replica`, async () => {
    const authority = authorities.of(design);
    const actor = { player: PLAYERS[1]!, generation: 1 };
    const shape = { players: 2, size: 3, seconds: 30 };
    const first = await authority.create(actor, 'create-once', shape);
    const again = await authority.create(actor, 'create-once', shape);
    assert.deepEqual([again.game, again.seq, again.duplicate], [first.game, first.seq, true]);
    await assert.rejects(authority.create(actor, 'create-once', { ...shape, size: 4 }), { code: 'id_reused' });
  });

  test(`${design}: a repeated join of a player who has left since does not show the game`, async () => {
    const authority = authorities.of(design);
    const [host, guest] = [0, 1].map((index) => ({ player: PLAYERS[index]!, generation: 1 }));
    const { game } = await authority.create(host!, newId(), { players: 3, size: 3, seconds: 30 });
    await authority.join(guest!, 'join-once', game);
    await authority.leave(guest!, newId(), game);
    await assert.rejects(authority.join(guest!, 'join-once', game), { code: 'not_a_player' });
  });

  test(`${design}: a code is six characters of the alphabet`, async () => {
    const authority = authorities.of(design);
    const { game } = await authority.create({ player: PLAYERS[1]!, generation: 1 }, newId(), shapeOf2());
    assert.match(game, new RegExp(`^[${CODE_ALPHABET}]{6}$`));
  });

  test(`${design}: two quick matches at once end in the same game, and the next one opens another`, async () => {
    const authority = authorities.of(design);
    const shape = { players: 2, size: 5, seconds: 7 };
    const actor = (index: number) => ({ player: PLAYERS[index]!, generation: 1 });
    const [one, two] = await Promise.all([0, 1].map((index) => authority.match(actor(index), newId(), shape)));
    assert.equal(one!.game, two!.game);
    const three = await authority.match(actor(2), newId(), shape);
    assert.notEqual(three.game, one!.game);
    assert.equal((three.view.state as GameState).status, 'waiting');
  });

  test(`${design}: a repeated quick match gives the game it found, even if that game is now full`, async () => {
    const authority = authorities.of(design);
    const shape = { players: 2, size: 6, seconds: 7 };
    const first = await authority.match({ player: PLAYERS[0]!, generation: 1 }, 'match-once', shape);
    await authority.match({ player: PLAYERS[1]!, generation: 1 }, newId(), shape);
    const again = await authority.match({ player: PLAYERS[0]!, generation: 1 }, 'match-once', shape);
    assert.deepEqual([again.game, again.duplicate], [first.game, true]);
  });

  test(`${design}: quick match skips an open game that has filled up without its knowledge`, async () => {
    const authority = authorities.of(design);
    const shape = { players: 2, size: 7, seconds: 7 };
    const { game } = await authority.match({ player: PLAYERS[0]!, generation: 1 }, newId(), shape);
    await authority.join({ player: PLAYERS[1]!, generation: 1 }, newId(), game);
    const next = await authority.match({ player: PLAYERS[2]!, generation: 1 }, newId(), shape);
    assert.notEqual(next.game, game);
  });

  test(`${design}: many quick matches at once fill their games without a seat left over`, async () => {
    const authority = authorities.of(design);
    const shape = { players: 4, size: 8, seconds: 7 };
    const crowd = Array.from({ length: 120 }, (_, index) => ({
      player: { id: `m${index}`, name: 'M' },
      generation: 1,
    }));
    const entered = await Promise.all(crowd.map((actor) => authority.match(actor, newId(), shape)));
    const games = new Set(entered.map(({ game }) => game));
    const views = await Promise.all([...games].map((game) => authority.view(game)));
    assert.equal(
      views.reduce((sum, { state }) => sum + (state as GameState).players.length, 0),
      120,
    );
    assert.ok(
      views.every(({ state }) => (state as GameState).status === 'active'),
      'all games are full',
    );
  });

  test(`${design}: a player who matches, leaves and matches again still meets the next one`, async () => {
    const authority = authorities.of(design);
    const shape = { players: 2, size: 9, seconds: 7 };
    const [one, two] = [0, 1].map((index) => ({ player: PLAYERS[index]!, generation: 1 }));
    const first = await authority.match(one!, newId(), shape);
    await authority.leave(one!, newId(), first.game);
    await authority.match(one!, newId(), shape);
    await until(async () => {
      const { game, view } = await authority.match(two!, newId(), shape);
      if ((view.state as GameState).status === 'active') return true;
      await authority.leave(two!, newId(), game);
      return false;
    }, 'the two are in one game');
  });

  test(`${design}: a store whose clock was set back does not stop a game`, async () => {
    const authority = authorities.of(design);
    const [host, guest] = [0, 1].map((index) => ({ player: PLAYERS[index]!, generation: 1 }));
    const { game } = await authority.create(host!, newId(), { players: 2, size: 3, seconds: 300 });
    await authority.join(guest!, newId(), game);
    const { seq, now, state } = await authority.view(game);
    // The newest event is of a time that the store has yet to reach.
    await authorities.redis.hset(roomKeys(game).head, 'snapshot', snapshotText(seq, now + 60_000, state));
    await authorities.forget();
    const applied = await authority.act(host!, newId(), game, { kind: 'capture', cell: 0 });
    assert.equal(applied.seq, seq + 1);
  });

  test(`${design}: every key of a game expires`, async () => {
    const authority = authorities.of(design);
    const { game } = await authority.create({ player: PLAYERS[0]!, generation: 1 }, newId(), shapeOf2());
    const { lease, olderAnswers: _, ...keys } = roomKeys(game);
    for (const key of Object.values(keys)) assert.ok((await authorities.redis.ttl(key)) > 0, key);
    assert.notEqual(await authorities.redis.ttl(lease), -1);
  });
}

test('when one script carries out many captures, only that of a game with a broken record fails', async () => {
  const authority = authorities.of('stateless');
  const [host, guest] = [0, 1].map((index) => ({ player: PLAYERS[index]!, generation: 1 }));
  const games = await Promise.all(
    [0, 1, 2].map(async () => {
      const { game } = await authority.create(host!, newId(), { players: 2, size: 9, seconds: 60 });
      await authority.join(guest!, newId(), game);
      return game;
    }),
  );
  const broken = roomKeys(games[1]!).events;
  await authorities.redis.del(broken);
  await authorities.redis.hset(broken, 'not', 'a stream');
  const scripts = async () => {
    const statistics = await (authorities.redis as Redis).info('commandstats');
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(statistics)?.[1]);
  };
  let cell = 0;
  // Captures are batched only while many arrive.
  await until(async () => {
    await Promise.all(
      Array.from({ length: 100 }, () =>
        authority.act(host!, 'again and again', games[0]!, { kind: 'capture', cell: 0 }),
      ),
    );
    cell += 1;
    const before = await scripts();
    const settled = await Promise.allSettled(
      games.map((game) => authority.act(guest!, newId(), game, { kind: 'capture', cell })),
    );
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    return (await scripts()) - before === 1;
  }, 'three captures were one script');
});
