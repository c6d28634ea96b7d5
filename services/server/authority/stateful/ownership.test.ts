import assert from 'node:assert/strict';
import { after, afterEach, before, type TestContext, test } from 'node:test';
import { until } from '../../../../tests/kit/wait.ts';
import type { GridMessageOf } from '../../../apps/grid/grid.ts';
import { startProxy, type TestProxy } from '../../testing/proxy.ts';
import { adminOf, startRedis, type TestRedis } from '../../testing/redis.ts';
import { type Side, type SideOptions, startSide } from '../../testing/side.ts';
import type { Actor, Refusal } from '../game-authority.ts';

let redis: TestRedis;
before(async () => {
  redis = await startRedis({ config: ['appendfsync everysec'] });
});
after(() => redis?.stop());

const sides = new Set<Side>();
let count = 0;

async function side(given: SideOptions = {}): Promise<Side> {
  const own = await startSide(redis, given);
  sides.add(own);
  return own;
}
afterEach(() => sides.forEach((own) => own.close()));

const actor = (name: string): Actor => ({ player: { id: name, name }, generation: 1 });
const [ADA, BOB] = ['ada', 'bob'].map(actor) as [Actor, Actor];

/** A game of two that has begun, held by `own`. */
async function started(own: Side, size = 8, seconds = 60): Promise<string> {
  const { game } = await own.authority.create(ADA, `new${(count += 1)}`, { players: 2, size, seconds });
  await own.authority.join(BOB, 'join', game);
  return game;
}

/** Stops the timers of the test's process, so that an owner that answers late does not count as silent. */
const patient = (context: TestContext) => context.mock.timers.enable({ apis: ['setTimeout'] });

async function history(own: Side, game: string) {
  const { epoch } = (await own.records.position(game))!;
  const entries = (await own.records.entriesAfter(game, { epoch, seq: 0 }))!;
  return entries.map(({ text }) => JSON.parse(text) as GridMessageOf<'event'>);
}

test('a replica that does not hold the game passes the command on, and the game stays where it is', async (context) => {
  const [one, two] = [await side(), await side()];
  const game = await started(one);
  patient(context);
  const first = await two.authority.act(BOB, 'b0', game, { kind: 'capture', cell: 0 });
  const again = await two.authority.act(BOB, 'b0', game, { kind: 'capture', cell: 0 });
  assert.deepEqual([first.seq, again], [5, { ...first, duplicate: true }]);
  await assert.rejects(two.authority.act(BOB, 'b1', game, { kind: 'capture', cell: 0 }), { code: 'cell_taken' });
  assert.deepEqual(two.decided, { owner: 0, forwarded: 3 });
  assert.deepEqual([one.taken, two.taken], [['nobody'], []]);
});

test('while players stay at their replica, no move is passed on', async () => {
  const one = await side();
  await side();
  const game = await started(one);
  for (let cell = 0; cell < 64; cell += 1)
    await one.authority.act(cell % 2 ? ADA : BOB, `c${cell}`, game, { kind: 'capture', cell });
  assert.equal(one.decided.forwarded, 0);
  assert.equal((await history(one, game)).length, 2 + 2 + 64 + 1);
});

test('a game moves to the replica where the edge sends its players, before a move is passed on', async (context) => {
  const routed = new Map<string, number>();
  const yielded: string[] = [];
  const [one, two] = [
    await side({ routedAt: (game) => routed.get(game), onYielded: (game) => yielded.push(game) }),
    await side(),
  ];
  const game = await started(one);
  routed.set(game, 2000);
  patient(context);
  // A socket that came earlier says nothing about where the edge sends players now.
  await two.authority.arrived(game, 1000);
  assert.equal(one.authority.held, 1);
  await two.authority.arrived(game, 3000);
  assert.deepEqual([one.authority.held, two.authority.held, yielded], [0, 1, [game]]);
  assert.equal((await two.authority.act(BOB, 'b0', game, { kind: 'capture', cell: 0 })).seq, 5);
  assert.deepEqual([two.decided.forwarded, two.decided.owner], [0, 1]);
  assert.equal((await one.authority.act(ADA, 'a0', game, { kind: 'capture', cell: 1 })).seq, 6);
  assert.equal(one.decided.forwarded, 1);
});

test('an idle owner keeps its game long after its lease has run out', async (context) => {
  const [one, two] = [await side({ leaseMs: 20 }), await side({ leaseMs: 20 })];
  const game = await started(one);
  await new Promise((resolve) => setTimeout(resolve, 60));
  patient(context);
  assert.equal((await two.authority.act(BOB, 'b0', game, { kind: 'capture', cell: 0 })).seq, 5);
  assert.equal((await one.authority.act(ADA, 'a0', game, { kind: 'capture', cell: 1 })).seq, 6);
  assert.deepEqual([one.taken, two.taken], [['nobody'], []]);
});

test('a released game is taken at once, however long its lease', async (context) => {
  const [one, two] = [await side({ leaseMs: 60_000 }), await side()];
  const game = await started(one);
  patient(context);
  await one.authority.handOver();
  assert.equal((await two.authority.act(BOB, 'b0', game, { kind: 'capture', cell: 0 })).seq, 5);
  assert.deepEqual(two.taken, ['nobody']);
  // A draining replica still serves its own players, through the new owner.
  assert.equal((await one.authority.act(ADA, 'a0', game, { kind: 'capture', cell: 1 })).seq, 6);
  assert.equal(one.decided.forwarded, 1);
});

test('the game of a dead owner is taken at once, however long its lease, with every acknowledged command', async (context) => {
  const admin = adminOf(redis);
  context.after(() => admin.disconnect());
  const [one, two] = [await side({ leaseMs: 60_000 }), await side()];
  const game = await started(one);
  for (let cell = 0; cell < 9; cell += 1) await one.authority.act(ADA, `a${cell}`, game, { kind: 'capture', cell });
  one.close();
  await until(
    async () => (await admin.pubsub('SHARDCHANNELS', `*${one.owner}`)).length === 0,
    'Redis knows that it is gone',
  );
  patient(context);
  assert.equal((await two.authority.act(BOB, 'b9', game, { kind: 'capture', cell: 9 })).seq, 14);
  assert.deepEqual(two.taken, ['dead']);
  // The new owner knows the answers of the previous one.
  const repeated = await two.authority.act(ADA, 'a3', game, { kind: 'capture', cell: 3 });
  assert.deepEqual([repeated.seq, repeated.duplicate], [8, true]);
});

test('the game of a silent owner is taken when its lease has run out, and the late writes of that owner are refused', async () => {
  const proxy: TestProxy = await startProxy(redis.port);
  const [one, two] = [await side({ busPort: proxy.port, leaseMs: 700 }), await side({ leaseMs: 700 })];
  const game = await started(one);
  proxy.freeze();
  const from = performance.now();
  await one.authority.act(ADA, 'a0', game, { kind: 'capture', cell: 0 });
  await until(async () => {
    try {
      return (await two.authority.act(BOB, 'b1', game, { kind: 'capture', cell: 1 })).seq === 6;
    } catch (error) {
      assert.equal((error as Refusal).code, 'unavailable');
      return false;
    }
  }, 'the other one has the game');
  assert.ok(performance.now() - from > 500, 'not before the lease had run out');
  assert.deepEqual(two.taken, ['silent']);
  // The cell is free in the memory of the old owner, which then learns that it may not decide.
  await assert.rejects(
    one.authority.act(ADA, 'a1', game, { kind: 'capture', cell: 1 }),
    ({ code }: Refusal) => code === 'cell_taken' || code === 'unavailable',
  );
  const cells = (await history(two, game)).flatMap(({ event }) => (event.kind === 'captured' ? [event.cell] : []));
  assert.deepEqual(cells, [0, 1]);
  await proxy.stop();
});

test('a clock that is wrong on the owner neither ends a game early nor keeps it going', async () => {
  const [ahead, behind] = [
    await side({ now: () => Date.now() + 600_000 }),
    await side({ now: () => Date.now() - 600_000 }),
  ];
  const early = await started(ahead);
  assert.equal((await ahead.authority.act(ADA, 'a0', early, { kind: 'capture', cell: 0 })).seq, 5);
  assert.ok((await ahead.authority.finish(early)) > 0);
  const late = await started(behind, 8, 5);
  assert.equal((await behind.authority.act(ADA, 'a0', late, { kind: 'capture', cell: 0 })).seq, 5);
  await until(async () => {
    try {
      await behind.authority.act(ADA, `a${(count += 1)}`, late, { kind: 'capture', cell: 0 });
      return false;
    } catch (error) {
      return (error as Refusal).code === 'game_over';
    }
  }, 'the game is over');
  assert.equal((await history(behind, late)).at(-1)?.event.kind, 'finished');
});
