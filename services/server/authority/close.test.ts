import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { counter } from '../../apps/counter/counter.ts';
import type { AnyRoomType } from '../../protocol/index.ts';
import { startAuthorities, type TestAuthorities } from '../testing/authorities.ts';
import { DESIGNS } from '../testing/replica.ts';
import type { Fault } from './plan.ts';
import { roomKeys } from './room-log.ts';

const started: TestAuthorities[] = [];
after(() => Promise.all(started.map((authorities) => authorities.stop())));

async function start(type: AnyRoomType, faults: Fault[] = []): Promise<TestAuthorities> {
  const authorities = await startAuthorities(type, { onFault: (_room, fault) => faults.push(fault) });
  started.push(authorities);
  return authorities;
}

const ADA = { player: { id: 'ada', name: 'Ada' }, generation: 1 };
const newId = () => randomBytes(9).toString('base64url');

const shared = start(counter);

for (const design of DESIGNS) {
  test(`${design}: an operator who is not a member ends a room, once, with an event that says so`, async () => {
    const { of, redis } = await shared;
    const authority = of(design);
    const { game } = await authority.create(ADA, newId(), { step: 1 });
    const closed = await authority.close('olga', 'one', game);
    assert.deepEqual([closed.seq, closed.duplicate], [3, false]);
    assert.deepEqual(await authority.close('olga', 'one', game), { ...closed, duplicate: true });
    await assert.rejects(authority.close('olga', 'two', game), { code: 'game_over' });
    await assert.rejects(authority.act(ADA, newId(), game, { kind: 'add', times: 1 }), { code: 'game_over' });
    await assert.rejects(authority.join({ ...ADA, player: { id: 'bob', name: 'Bob' } }, newId(), game), {
      code: 'game_over',
    });
    const { entries } = await authority.page(game, { seq: 2 }, 10);
    const [event, ...more] = entries.map(({ text }) => JSON.parse(text) as { event: object; over?: true });
    assert.deepEqual([event?.event, event?.over, more], [{ kind: 'closed' }, true, []]);
    // It is kept as long as a room that ended by its rules.
    assert.equal(await redis.hget(roomKeys(game).head, 'over'), '1');
    const left = await redis.ttl(roomKeys(game).head);
    assert.ok(left > 880 && left <= 900, `it is kept for ${left} s`);
  });

  test(`${design}: a close and simultaneous moves have one order, and each counts as a whole or not at all`, async () => {
    const authority = (await shared).of(design);
    const { game } = await authority.create(ADA, newId(), { step: 1 });
    const add = () => authority.act(ADA, newId(), game, { kind: 'add', times: 1 }).then(({ seq }) => seq);
    const asked = [add(), add(), authority.close('olga', newId(), game).then(({ seq }) => -seq), add(), add()];
    const answers = await Promise.allSettled(asked);
    const seqs = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const end = -seqs.find((seq) => seq < 0)!;
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason.code] : []));
    assert.ok(
      seqs.every((seq) => seq < 0 || seq < end),
      `nothing was granted after the end at ${end}: ${seqs}`,
    );
    assert.deepEqual([...new Set(refused)], refused.length > 0 ? ['game_over'] : []);
    const { entries, seq } = await authority.page(game, { seq: 0 }, 100);
    assert.deepEqual([seq, entries.length, seqs.length], [end, end, end - 2]);
  });

  test(`${design}: there is nothing to close where there is no room`, async () => {
    const authority = (await shared).of(design);
    await assert.rejects(authority.close('olga', newId(), 'ZZZZZZ'), { code: 'game_not_found' });
  });
}

test('an application whose rooms go on after their close is at fault, and the close has no effect', async () => {
  const faults: Fault[] = [];
  const { of } = await start({ ...counter, close: () => [{ kind: 'cleared', player: 'ada' }] }, faults);
  const authority = of('stateless');
  const { game } = await authority.create(ADA, newId(), { step: 1 });
  await assert.rejects(authority.close('olga', newId(), game), { code: 'app_failed' });
  assert.match(faults[0]?.reason ?? '', /the room goes on after it was closed/);
  assert.equal((await authority.view(game)).seq, 2);
});

test('a room whose type has no close goes on', async () => {
  const { close: _, ...type } = counter;
  const { of } = await start(type as AnyRoomType);
  const authority = of('stateless');
  const { game } = await authority.create(ADA, newId(), { step: 1 });
  await assert.rejects(authority.close('olga', newId(), game), { code: 'app_failed' });
  assert.equal((await authority.act(ADA, newId(), game, { kind: 'add', times: 1 })).seq, 3);
});
