import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { repetitions } from '../../../tests/kit/repetitions.ts';
import { counter } from '../../apps/counter/counter.ts';
import { type GameState, grid } from '../../apps/grid/grid.ts';
import type { AnyCommand, AnyRoomType, PlayerRef } from '../../protocol/index.ts';
import { startAuthorities, type TestAuthorities } from '../testing/authorities.ts';
import { DESIGNS } from '../testing/replica.ts';
import { type GameAuthority, Refusal } from './game-authority.ts';
import { roomKeys } from './room-log.ts';
import { snapshotText } from './room-memory.ts';

const PLAYERS = ['ada', 'bob "the" builder', 'cyd/é😀', 'dan'].map((name, index) => ({ id: `p${index}`, name }));
/** An operator's action. No command of an application has a space. */
const CLOSE = 'operator closes';
const OPERATOR = 'olga';
const player = fc.constantFrom(...PLAYERS);
/** Mostly new ids, and sometimes a used one. */
const request = fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(20) });

/** The commands for the rooms of an application, and what a run has to reach to prove something. */
interface Subject {
  readonly type: AnyRoomType;
  readonly settings: fc.Arbitrary<object>;
  readonly command: fc.Arbitrary<AnyCommand>;
  /** In addition to the refusals of the platform, which every application meets. */
  readonly reached: readonly string[];
  /** Final states of a room, to be reached as well. */
  readonly ending: (state: any) => string;
}

const SUBJECTS: readonly Subject[] = [
  {
    type: grid,
    settings: fc.record({
      players: fc.integer({ min: 2, max: 3 }),
      size: fc.constantFrom(3, 3, 3, 4),
      spectators: fc.boolean(),
      seconds: fc.constant(60),
    }),
    command: fc.record({ kind: fc.constant('capture' as const), cell: fc.nat(10) }),
    reached: [
      ...['capture', 'cell_taken', 'cell_out_of_range', 'game_full', 'game_over', 'game_not_active'],
      ...['board', 'time', 'closed', 'active'],
    ],
    ending: ({ reason, status }: GameState) => reason ?? status,
  },
  {
    type: counter,
    settings: fc.record({ step: fc.integer({ min: 1, max: 3 }) }),
    command: fc.oneof(
      {
        weight: 9,
        arbitrary: fc.record({ kind: fc.constant('add' as const), times: fc.integer({ min: -9, max: 9 }) }),
      },
      { weight: 1, arbitrary: fc.constant({ kind: 'reset' as const }) },
    ),
    reached: ['add', 'reset', 'game_not_active', 'game_over', 'below', 'above'],
    ending: ({ value }: { value: number }) => (value < 0 ? 'below' : 'above'),
  },
];

/** The commands of an application among those that the platform sends. */
const stepsOf = ({ command }: Subject) =>
  fc.array(
    // `timeOut`: the end of the room is brought forward to now.
    fc.record({
      command: fc.oneof(
        { weight: 5, arbitrary: fc.constant<AnyCommand>({ kind: 'join' }) },
        { weight: 1, arbitrary: fc.constant<AnyCommand>({ kind: 'leave' }) },
        { weight: 20, arbitrary: command },
        { weight: 1, arbitrary: fc.constant<AnyCommand>({ kind: 'deadline' }) },
      ),
      close: fc.integer({ min: 0, max: 100 }).map((value) => value === 42),
      player,
      request,
      timeOut: fc.integer({ min: 0, max: 200 }).map((value) => value === 77),
    }),
    // Without a size the arrays stay short, and hardly any room gets beyond its first command.
    { minLength: 30, maxLength: 150, size: 'max' },
  );

/** The model: the rules, with the membership and the memory of repeated requests that the platform adds. */
class Model {
  readonly type: AnyRoomType;
  state: any;
  events: AnyCommand[] = [];
  readonly #answers = new Map<string, { fingerprint: string; seq: number }>();

  constructor(type: AnyRoomType) {
    this.type = type;
  }

  run(given: AnyCommand, by: PlayerRef, request: string, now: number): { refusal?: string; seq?: number } {
    const { kind } = given;
    if (kind === 'deadline') return this.#deadline(now);
    if (kind === CLOSE) return this.#close(request, now);
    const key = `${by.id}:${request}`;
    const fingerprint = JSON.stringify(given);
    const isIn = this.state !== undefined && this.type.members(this.state).some(({ id }) => id === by.id);
    const stored = this.#answers.get(key);
    if (stored) {
      if (stored.fingerprint !== fingerprint) return { refusal: 'id_reused' };
      return kind === 'join' && !isIn ? { refusal: 'not_a_player' } : { seq: stored.seq };
    }
    if (kind === 'join' && isIn) return { seq: this.events.length };
    if (kind !== 'join' && kind !== 'create' && !isIn) return { refusal: 'not_a_player' };
    const first = this.events.length;
    const refusal = this.#decide(given, by, now);
    if (refusal !== undefined) return { refusal };
    const count = this.events.length - first;
    if (count === 0) return { seq: first };
    // The answer names the event the request asked for: not the start or end that came with it.
    const seq = first + (kind === 'create' ? count : 1);
    this.#answers.set(key, { fingerprint, seq });
    return { seq };
  }

  #close(request: string, now: number): { refusal?: string; seq?: number } {
    const stored = this.#answers.get(`@@${OPERATOR}:${request}`);
    if (stored) return { seq: stored.seq };
    if (this.type.isOver(this.state)) return { refusal: 'game_over' };
    const seq = this.events.length + 1;
    for (const event of this.type.close!(this.state)) {
      this.state = this.type.evolve(this.state, event, now);
      this.events.push(event as AnyCommand);
    }
    this.#answers.set(`@@${OPERATOR}:${request}`, { fingerprint: 'close', seq });
    return { seq };
  }

  #deadline(now: number): { refusal?: string; seq?: number } {
    if (this.type.isOver(this.state)) return {};
    if (this.type.deadline(this.state) === undefined) return { refusal: 'game_not_active' };
    this.#decide({ kind: 'deadline' }, undefined, now);
    return {};
  }

  #decide(given: AnyCommand, player: PlayerRef | undefined, now: number): string | undefined {
    const { events, refusal } = this.type.decide(this.state, given, { now, player });
    for (const event of events) this.state = this.type.evolve(this.state, event, now);
    this.events.push(...(events as AnyCommand[]));
    return refusal;
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

function run(authority: GameAuthority, game: string, given: AnyCommand, by: PlayerRef, request: string) {
  const actor = { player: by, generation: 1 };
  switch (given.kind) {
    case 'join':
      return attempt(() => authority.join(actor, request, game));
    case 'leave':
      return attempt(() => authority.leave(actor, request, game));
    case 'deadline':
      return attempt(() => authority.finish(game));
    case CLOSE:
      return attempt(() => authority.close(OPERATOR, request, game));
    default:
      return attempt(() => authority.act(actor, request, game, given));
  }
}

/** Makes the deadline pass now, by changing the snapshot from which replicas continue. */
async function timeOut({ redis }: TestAuthorities, authority: GameAuthority, game: string, model: Model) {
  if (model.type.deadline(model.state) === undefined) return;
  const [seconds, micros] = await redis.time();
  const endsAt = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  const { seq, now, state } = await authority.view(game);
  const snapshot = snapshotText(seq, now, { ...(state as GameState), endsAt });
  await redis.hset(roomKeys(game).head, { snapshot, deadline: endsAt });
  model.state = { ...model.state, endsAt };
}

const history = async (authority: GameAuthority, game: string) =>
  (await authority.entriesAfter(game, { epoch: (await authority.position(game))!.epoch, seq: 0 }))!.map(
    ({ text }) => JSON.parse(text) as { seq: number; at: number; event: AnyCommand },
  );

/** Events without the times, which only Redis knows beforehand. */
const timeless = (event: AnyCommand) => (event.kind === 'started' ? { kind: event.kind } : event);

const newId = () => randomBytes(9).toString('base64url');

for (const subject of SUBJECTS) {
  const { type } = subject;
  let started: Promise<TestAuthorities> | undefined;
  after(async () => (await started)?.stop());

  for (const design of DESIGNS) {
    test(`${type.name}, ${design}: whatever is requested, the result matches the rules`, async () => {
      started ??= startAuthorities(type);
      const authorities = await started;
      const authority = authorities.of(design);
      const reached = new Map<string, number>();
      const count = (what: string) => reached.set(what, (reached.get(what) ?? 0) + 1);
      await fc.assert(
        fc.asyncProperty(subject.settings, stepsOf(subject), async (shape, given) => {
          const settings = { ...shape };
          const model = new Model(type);
          const created = await authority.create({ player: PLAYERS[0]!, generation: 1 }, newId(), settings);
          const { game } = created;
          model.run({ kind: 'create', settings }, PLAYERS[0]!, 'create', created.view.now);
          for (const [index, { command, player: by, request: old, timeOut: isOut, close }] of given.entries()) {
            const next = close ? { kind: CLOSE } : command;
            if (isOut) {
              await timeOut(authorities, authority, game, model);
              // The next command finds a change that the copy did not see.
              await authorities.forget();
            }
            const requestId = `${old ?? index}`;
            const [seconds, micros] = await authorities.redis.time();
            const now = Number(seconds) * 1000 + Number(micros) / 1000;
            const expected = model.run(next, by, requestId, now);
            const found = await run(authority, game, next, by, requestId);
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
          // A player who is not a member sees the same state if the room allows it, and nothing otherwise.
          const watched = attempt(async () =>
            (await authority.watch('nobody', game, { epoch: 'none', seq: 0 })).recovered ? 1 : 0,
          );
          assert.deepEqual(await watched, type.isPublic(model.state) ? {} : { refusal: 'not_a_player' });
          // The snapshot is the fold of the history, including times (except the end that the test moved).
          const { state } = (await authority.view(game)) as { state: any };
          let folded: any;
          for (const { event, at } of recorded) folded = type.evolve(folded, event, at);
          assert.deepEqual({ ...state, endsAt: folded.endsAt }, { ...folded, endsAt: folded.endsAt });
          count(subject.ending(state));
        }),
        { numRuns: repetitions(60, 600) },
      );
      // A run that never reaches these cases proves nothing.
      for (const what of ['join', 'leave', 'id_reused', 'not_a_player', CLOSE, ...subject.reached])
        assert.ok(reached.get(what), `${what} was reached`);
    });
  }
}
