import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { repetitions } from '../../../tests/kit/repetitions.ts';
import type { GameEvent, GameState, GridMessageOf } from '../../apps/grid/grid.ts';
import { applyAll, type Command, decide } from '../../apps/grid/rules.ts';
import type { PlayerRef } from '../../protocol/index.ts';
import { startAuthorities, type TestAuthorities } from '../testing/authorities.ts';
import { DESIGNS } from '../testing/replica.ts';
import { type GameAuthority, Refusal } from './game-authority.ts';
import { roomKeys } from './room-log.ts';
import { snapshotText } from './room-memory.ts';

let authorities: TestAuthorities;

before(async () => {
  authorities = await startAuthorities();
});
after(async () => {
  await authorities?.stop();
});

const PLAYERS = ['ada', 'bob "the" builder', 'cyd/é😀', 'dan'].map((name, index) => ({ id: `p${index}`, name }));
const player = fc.constantFrom(...PLAYERS);
/** Mostly new ids, at times one that was used before. */
const request = fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(20) });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ kind: 'join' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'leave' as const }) },
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('capture' as const), cell: fc.nat(10) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'deadline' as const }) },
);
const steps = fc.array(
  // `timeOut`: the end of the game is brought forward to now.
  fc.record({ command, player, request, timeOut: fc.integer({ min: 0, max: 200 }).map((value) => value === 77) }),
  // Without a size the arrays stay short, and hardly any game gets beyond its first move.
  { minLength: 30, maxLength: 150, size: 'max' },
);
const settings = fc.record({
  players: fc.integer({ min: 2, max: 3 }),
  size: fc.constantFrom(3, 3, 3, 4),
  spectators: fc.boolean(),
});

/** What the rules say, with the memory for repeated requests that the scripts add. */
class Model {
  state: GameState | undefined;
  events: GameEvent[] = [];
  readonly #answers = new Map<string, { fingerprint: string; seq: number }>();

  run(
    given: Command,
    by: PlayerRef,
    request: string,
    fingerprint: string,
    now: number,
  ): { refusal?: string; seq?: number } {
    const key = `${by.id}:${request}`;
    const stored = this.#answers.get(key);
    if (stored && given.kind !== 'deadline') {
      if (stored.fingerprint !== fingerprint) return { refusal: 'id_reused' };
      const isIn = this.state!.players.some(({ id }) => given.kind === 'join' && id === by.id);
      return given.kind === 'join' && !isIn ? { refusal: 'not_a_player' } : { seq: stored.seq };
    }
    const { events, refusal } = decide(this.state, given, { now, player: by });
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

function run(authority: GameAuthority, game: string, given: Command, by: PlayerRef, request: string) {
  const actor = { player: by, generation: 1 };
  switch (given.kind) {
    case 'join':
      return attempt(() => authority.join(actor, request, game));
    case 'leave':
      return attempt(() => authority.leave(actor, request, game));
    case 'capture':
      return attempt(() => authority.act(actor, request, game, given));
    default:
      return attempt(() => authority.finish(game));
  }
}

/** The deadline is over from now on: the snapshot that replicas go on from says so. */
async function timeOut(authority: GameAuthority, game: string, model: Model): Promise<void> {
  if (model.state?.status !== 'active') return;
  const [seconds, micros] = await authorities.redis.time();
  const endsAt = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  const { seq, now, state } = await authority.view(game);
  const snapshot = snapshotText(seq, now, { ...(state as GameState), endsAt });
  await authorities.redis.hset(roomKeys(game).head, { snapshot, deadline: endsAt });
  model.state = { ...model.state, endsAt };
}

const history = async (authority: GameAuthority, game: string) =>
  (await authority.entriesAfter(game, { epoch: (await authority.position(game))!.epoch, seq: 0 }))!.map(
    ({ text }) => JSON.parse(text) as GridMessageOf<'event'>,
  );

/** Events without the times, which only Redis knows beforehand. */
const timeless = (event: GameEvent) => (event.kind === 'started' ? { kind: event.kind } : event);

for (const design of DESIGNS) {
  test(`${design}: whatever is asked for, what happens is what the rules say`, async () => {
    const authority = authorities.of(design);
    const reached = new Map<string, number>();
    const count = (what: string) => reached.set(what, (reached.get(what) ?? 0) + 1);
    await fc.assert(
      fc.asyncProperty(settings, steps, async (shape, given) => {
        const model = new Model();
        const create = {
          kind: 'create' as const,
          settings: { ...shape, seconds: 60 },
        };
        const created = await authority.create({ player: PLAYERS[0]!, generation: 1 }, newId(), create.settings);
        const { game } = created;
        model.run(create, PLAYERS[0]!, 'create', 'create', created.view.now);
        for (const [index, { command: next, player: by, request: old, timeOut: isOut }] of given.entries()) {
          if (isOut) {
            await timeOut(authority, game, model);
            // What was changed behind the back of a copy is found by the next one.
            await authorities.forget();
          }
          const requestId = `${old ?? index}`;
          const fingerprint = next.kind === 'capture' ? `capture:${next.cell}` : next.kind;
          const [seconds, micros] = await authorities.redis.time();
          const now = Number(seconds) * 1000 + Number(micros) / 1000;
          const expected = model.run(next, by, requestId, fingerprint, now);
          const found = await run(authority, game, next, by, requestId);
          if (next.kind === 'deadline') delete expected.seq;
          assert.deepEqual(found, expected, JSON.stringify(next));
          count(expected.refusal ?? next.kind);
        }
        const recorded = await history(authority, game);
        assert.deepEqual(
          recorded.map(({ event }) => timeless(event)),
          model.events.map(timeless),
        );
        assert.deepEqual(
          recorded.map(({ seq }) => seq),
          recorded.map((_, index) => index + 1),
        );
        // Who does not play sees the same where it may, and nothing elsewhere.
        const watched = attempt(async () =>
          (await authority.watch('nobody', game, { epoch: 'none', seq: 0 })).recovered ? 1 : 0,
        );
        assert.deepEqual(await watched, shape.spectators ? {} : { refusal: 'not_a_player' });
        // The snapshot is the fold of the history, times and all (but for the end that the test moved).
        const view = await authority.view(game);
        const folded = recorded.reduce<GameState | undefined>(
          (state, { event, at }) => applyAll(state, [event], at),
          undefined,
        )!;
        const state = view.state as GameState;
        assert.deepEqual({ ...state, endsAt: folded.endsAt }, { ...folded, endsAt: folded.endsAt });
        count(state.reason ?? state.status);
      }),
      { numRuns: repetitions(60, 600) },
    );
    // A test that never gets there proves nothing.
    for (const what of [
      'capture',
      'leave',
      'cell_taken',
      'cell_out_of_range',
      'game_full',
      'game_over',
      'game_not_active',
      'id_reused',
      'not_a_player',
      'board',
      'time',
      'active',
    ])
      assert.ok(reached.get(what), `${what} was reached`);
  });
}

const newId = () => randomBytes(9).toString('base64url');
