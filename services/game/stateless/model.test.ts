import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import {
  CODE_ALPHABET, type ErrorCode, type GameEvent, type GameState, type ServerMessageOf,
} from '../../protocol/index.ts';
import { Refusal } from '../authority.ts';
import { connectRedis } from '../redis.ts';
import { applyAll, decide, type Command } from '../rules.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { until } from '../testing/replica.ts';
import { gameKeys } from './keys.ts';
import { StatelessAuthority } from './stateless-authority.ts';

let server: TestRedis;
let redis: Redis;
let authority: StatelessAuthority;

before(async () => {
  server = await startRedis();
  redis = connectRedis({ url: server.url, password: undefined }, 'model', { enableAutoPipelining: true });
  await until(() => redis.status === 'ready', 'Redis is connected');
  authority = new StatelessAuthority(redis, randomBytes(32));
});
after(async () => {
  redis?.disconnect();
  await server?.stop();
});

const PLAYERS = ['ada', 'bob "the" builder', 'cyd/é😀', 'dan'].map((name, index) => ({ id: `p${index}`, name }));
const player = fc.constantFrom(...PLAYERS);
const id = player.map((chosen) => chosen.id);
/** Mostly new ids, at times one that was used before. */
const request = fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(20) });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('join' as const), player }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), player: id }) },
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('capture' as const), player: id, cell: fc.nat(10) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'finish' as const }) },
);
const steps = fc.array(
  // `timeOut`: the end of the game is brought forward to now.
  fc.record({ command, request, timeOut: fc.integer({ min: 0, max: 200 }).map((value) => value === 77) }),
  // Without a size the arrays stay short, and hardly any game gets beyond its first move.
  { minLength: 30, maxLength: 150, size: 'max' },
);
const settings = fc.record({ players: fc.integer({ min: 2, max: 3 }), size: fc.constantFrom(3, 3, 3, 4) });

/** What the rules say, with the memory for repeated requests that the scripts add. */
class Model {
  state: GameState | undefined;
  events: GameEvent[] = [];
  readonly #answers = new Map<string, { fingerprint: string; seq: number }>();

  run(given: Command, key: string, fingerprint: string, now: number): { refusal?: ErrorCode; seq?: number } {
    const stored = this.#answers.get(key);
    if (stored && given.kind !== 'finish') {
      if (stored.fingerprint !== fingerprint) return { refusal: 'id_reused' };
      const isIn = this.state!.players.some((one) => given.kind === 'join' && one.id === given.player.id);
      return given.kind === 'join' && !isIn ? { refusal: 'not_a_player' } : { seq: stored.seq };
    }
    const { events, refusal } = decide(this.state, given, now);
    const first = this.events.length;
    this.events.push(...events);
    this.state = applyAll(this.state, events, now);
    if (refusal) return { refusal };
    // The answer names the event the request asked for: not the start or end that came with it.
    const own = events.findIndex(({ kind }) => kind === 'joined' || kind === 'left' || kind === 'captured');
    const seq = own === -1 ? this.events.length : first + own + 1;
    if (own !== -1) this.#answers.set(key, { fingerprint, seq });
    return { seq };
  }
}

async function attempt(task: () => Promise<{ seq: number } | number>) {
  try {
    const answer = await task();
    return typeof answer === 'number' ? {} : { seq: answer.seq };
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error.code };
    throw error;
  }
}

function run(game: string, given: Command, request: string) {
  const actor = (playerId: string) => ({ player: PLAYERS.find((one) => one.id === playerId)!, generation: 1 });
  switch (given.kind) {
    case 'join':
      return attempt(() => authority.join(actor(given.player.id), request, game));
    case 'leave':
      return attempt(() => authority.leave(actor(given.player), request, game));
    case 'capture':
      return attempt(() => authority.capture(actor(given.player), request, game, given.cell));
    default:
      return attempt(() => authority.finish(game));
  }
}

async function timeOut(game: string, model: Model): Promise<void> {
  if (model.state?.status !== 'active') return;
  const [seconds, micros] = await redis.time();
  const endsAt = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  await redis.hset(gameKeys(game).state, 'endsAt', endsAt);
  model.state = { ...model.state, endsAt };
}

const history = async (game: string) => (await authority.entriesAfter(game, 0))
  .map(({ text }) => JSON.parse(text) as ServerMessageOf<'event'>);

/** Events without the times, which only Redis knows beforehand. */
const timeless = (event: GameEvent) => (event.kind === 'started' ? { kind: event.kind } : event);

test('whatever is asked for, the scripts in Redis do what the rules say', async () => {
  const reached = new Map<string, number>();
  const count = (what: string) => reached.set(what, (reached.get(what) ?? 0) + 1);
  await fc.assert(fc.asyncProperty(settings, steps, async (shape, given) => {
    const model = new Model();
    const create: Command = { kind: 'create', player: PLAYERS[0]!, settings: { ...shape, seconds: 60 } };
    const created = await authority.create({ player: PLAYERS[0]!, generation: 1 }, newId(), create.settings);
    const { game } = created;
    model.run(create, 'create', 'create', created.view.now);
    for (const [index, { command: next, request: old, timeOut: isOut }] of given.entries()) {
      if (isOut) await timeOut(game, model);
      const by = 'player' in next ? (typeof next.player === 'string' ? next.player : next.player.id) : '';
      const requestId = `${old ?? index}`;
      const fingerprint = next.kind === 'capture' ? `capture:${next.cell}` : next.kind;
      const [seconds, micros] = await redis.time();
      const now = Number(seconds) * 1000 + Number(micros) / 1000;
      const expected = model.run(next, `${by}:${requestId}`, fingerprint, now);
      const found = await run(game, next, requestId);
      if (next.kind === 'finish') delete expected.seq;
      assert.deepEqual(found, expected, JSON.stringify(next));
      count(expected.refusal ?? next.kind);
    }
    const recorded = await history(game);
    assert.deepEqual(recorded.map(({ event }) => timeless(event)), model.events.map(timeless));
    assert.deepEqual(recorded.map(({ seq }) => seq), recorded.map((_, index) => index + 1));
    // The snapshot is the fold of the history, times and all (but for the end that the test moved).
    const view = await authority.view(game);
    const folded = recorded.reduce<GameState | undefined>(
      (state, { event, at }) => applyAll(state, [event], at), undefined,
    )!;
    assert.deepEqual({ ...view.state, endsAt: folded.endsAt }, { ...folded, endsAt: folded.endsAt });
    count(view.state.reason ?? view.state.status);
  }), { numRuns: 60 });
  // A test that never gets there proves nothing.
  for (const what of [
    'capture', 'leave', 'cell_taken', 'cell_out_of_range', 'game_full', 'game_over', 'game_not_active', 'id_reused',
    'not_a_player', 'board', 'time', 'active',
  ]) assert.ok(reached.get(what), `${what} was reached`);
});

test('a repeat of a request to create gives the game it made, on any replica', async () => {
  const actor = { player: PLAYERS[1]!, generation: 1 };
  const shape = { players: 2, size: 3, seconds: 30 };
  const first = await authority.create(actor, 'create-once', shape);
  const again = await authority.create(actor, 'create-once', shape);
  assert.deepEqual([again.game, again.seq, again.duplicate], [first.game, first.seq, true]);
  await assert.rejects(authority.create(actor, 'create-once', { ...shape, size: 4 }), { code: 'id_reused' });
});

test('a repeated join of somebody who left since does not show the game', async () => {
  const [host, guest] = [0, 1].map((index) => ({ player: PLAYERS[index]!, generation: 1 }));
  const { game } = await authority.create(host!, newId(), { players: 3, size: 3, seconds: 30 });
  await authority.join(guest!, 'join-once', game);
  await authority.leave(guest!, newId(), game);
  await assert.rejects(authority.join(guest!, 'join-once', game), { code: 'not_a_player' });
});

test('a code is six characters of the alphabet', async () => {
  const { game } = await authority.create({ player: PLAYERS[1]!, generation: 1 }, newId(), shapeOf2());
  assert.match(game, new RegExp(`^[${CODE_ALPHABET}]{6}$`));
});

test('of two sockets of a player the older one cannot move any more once the newer one has', async () => {
  const shape = { players: 2, size: 3, seconds: 30 };
  const [older, newer] = [{ player: PLAYERS[0]!, generation: 1 }, { player: PLAYERS[0]!, generation: 2 }];
  const { game, epoch } = await authority.create(older, newId(), shape);
  await authority.join({ player: PLAYERS[1]!, generation: 1 }, newId(), game);
  const kept = await authority.capture(older, 'kept', game, 0);
  await authority.resume(newer, game, { epoch, seq: 2 });
  await assert.rejects(authority.capture(older, newId(), game, 1), { code: 'superseded' });
  // What was answered once is answered again: it changes nothing.
  assert.deepEqual(await authority.capture(older, 'kept', game, 0), { ...kept, duplicate: true });
});

test('two quick matches at once end in the same game, and the next one opens another', async () => {
  const shape = { players: 2, size: 5, seconds: 7 };
  const actor = (index: number) => ({ player: PLAYERS[index]!, generation: 1 });
  const [one, two] = await Promise.all([0, 1].map((index) => authority.match(actor(index), newId(), shape)));
  assert.equal(one!.game, two!.game);
  const three = await authority.match(actor(2), newId(), shape);
  assert.notEqual(three.game, one!.game);
  assert.equal(three.view.state.status, 'waiting');
});

test('a repeated quick match gives the game it found, even when that one is full by now', async () => {
  const shape = { players: 2, size: 6, seconds: 7 };
  const first = await authority.match({ player: PLAYERS[0]!, generation: 1 }, 'match-once', shape);
  await authority.match({ player: PLAYERS[1]!, generation: 1 }, newId(), shape);
  const again = await authority.match({ player: PLAYERS[0]!, generation: 1 }, 'match-once', shape);
  assert.deepEqual([again.game, again.duplicate], [first.game, true]);
});

test('quick match passes over an open game that filled up behind its back', async () => {
  const shape = { players: 2, size: 7, seconds: 7 };
  const { game } = await authority.match({ player: PLAYERS[0]!, generation: 1 }, newId(), shape);
  await authority.join({ player: PLAYERS[1]!, generation: 1 }, newId(), game);
  const next = await authority.match({ player: PLAYERS[2]!, generation: 1 }, newId(), shape);
  assert.notEqual(next.game, game);
});

test('many quick matches at once fill their games without a seat left over', async () => {
  const shape = { players: 4, size: 8, seconds: 7 };
  const crowd = Array.from({ length: 120 }, (_, index) => ({ player: { id: `m${index}`, name: 'M' }, generation: 1 }));
  const entered = await Promise.all(crowd.map((actor) => authority.match(actor, newId(), shape)));
  const games = new Set(entered.map(({ game }) => game));
  const views = await Promise.all([...games].map((game) => authority.view(game)));
  assert.equal(views.reduce((sum, { state }) => sum + state.players.length, 0), 120);
  assert.ok(views.every(({ state }) => state.status === 'active'), 'all games are full');
});

test('a player who matches, leaves and matches again still meets the next one', async () => {
  const shape = { players: 2, size: 9, seconds: 7 };
  const [one, two] = [0, 1].map((index) => ({ player: PLAYERS[index]!, generation: 1 }));
  const first = await authority.match(one!, newId(), shape);
  await authority.leave(one!, newId(), first.game);
  await authority.match(one!, newId(), shape);
  await until(async () => {
    const { game, view } = await authority.match(two!, newId(), shape);
    if (view.state.status === 'active') return true;
    await authority.leave(two!, newId(), game);
    return false;
  }, 'the two are in one game', 3000);
});

test('every key of a game expires', async () => {
  const { game } = await authority.create({ player: PLAYERS[0]!, generation: 1 }, newId(), shapeOf2());
  for (const key of Object.values(gameKeys(game))) assert.ok((await redis.ttl(key)) > 0, key);
});

const newId = () => randomBytes(9).toString('base64url');
const shapeOf2 = () => ({ players: 2, size: 3, seconds: 30 });
