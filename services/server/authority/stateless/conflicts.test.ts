import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../../../../tests/kit/wait.ts';
import { capture, type GridMessageOf, grid } from '../../../apps/grid/grid.ts';
import { Matchmaking } from '../../game/matchmaking.ts';
import { HistoryStore } from '../../history/history-store.ts';
import { connectStore, type Store } from '../../redis/connect.ts';
import { startRedis, type TestRedis } from '../../testing/redis.ts';
import { SECRET, settingsOf } from '../../testing/replica.ts';
import type { Actor, Applied, Refusal } from '../game-authority.ts';
import { RoomLog } from '../room-log.ts';
import { StatelessAuthority } from './stateless-authority.ts';

let redis: TestRedis;
let store: Store;
let conflicts = 0;
const sides: StatelessAuthority[] = [];

before(async () => {
  redis = await startRedis();
  store = connectStore(settingsOf(redis.url), 'sides');
  await until(() => store.status === 'ready', 'the store is connected');
  // Replicas that receive no announcements: they learn about others only from a refused append.
  for (const replica of ['one', 'two', 'three']) {
    const records = new RoomLog(new HistoryStore({ redis: store, topology: 'single', replica }), grid);
    const report = { batch: () => {}, fault: () => {}, conflict: () => void (conflicts += 1) };
    const matchmaking = new Matchmaking(store, SECRET, grid.matching);
    sides.push(new StatelessAuthority({ records, matchmaking, now: () => Date.now(), report }));
  }
});
after(async () => {
  for (const side of sides) side.stop();
  store?.disconnect();
  await redis?.stop();
});

const CELLS = 256;
const actor = (id: string): Actor => ({ player: { id, name: id }, generation: 1 });
const [ADA, BOB] = ['ada', 'bob'].map(actor) as [Actor, Actor];

/** Captures the cells from a place on, in its own order. Gives what was acknowledged, by cell. */
async function play(side: StatelessAuthority, who: Actor, game: string, from: number): Promise<Map<number, Applied>> {
  const acknowledged = new Map<number, Applied>();
  for (let step = 0; step < CELLS; step += 1) {
    const cell = (from + step) % CELLS;
    try {
      acknowledged.set(cell, await side.act(who, `${from}-${cell}`, game, capture(cell)));
    } catch (error) {
      assert.ok(['cell_taken', 'game_over'].includes((error as Refusal).code), (error as Refusal).code);
    }
  }
  return acknowledged;
}

test('whichever replicas decide at the same moment, each acknowledged capture happened once', async () => {
  const { game } = await sides[0]!.create(ADA, 'new', { players: 2, size: 16, seconds: 300 });
  await sides[1]!.join(BOB, 'join', game);
  const played = await Promise.all([
    play(sides[0]!, ADA, game, 0),
    play(sides[1]!, BOB, game, 0),
    play(sides[2]!, ADA, game, 64),
  ]);
  const { epoch } = (await sides[2]!.position(game))!;
  const entries = (await sides[2]!.entriesAfter(game, { epoch, seq: 0 }))!;
  const events = entries.map(({ text }) => JSON.parse(text) as GridMessageOf<'event'>);
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1),
  );
  const captured = events.flatMap(({ event, seq }) => (event.kind === 'captured' ? [[event.cell, seq] as const] : []));
  assert.equal(new Set(captured.map(([cell]) => cell)).size, CELLS, 'every cell was captured once');
  const seqOf = new Map(captured);
  const acknowledged = played.flatMap((one) => [...one]);
  assert.equal(acknowledged.length, CELLS, 'every capture was acknowledged to one player');
  for (const [cell, { seq }] of acknowledged) assert.equal(seqOf.get(cell), seq);
  assert.ok(conflicts > 50, `${conflicts} decisions were made again`);
});
