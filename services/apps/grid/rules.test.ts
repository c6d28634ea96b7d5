import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PlayerRef } from '../../protocol/index.ts';
import { applyEvent, FREE } from './fold.ts';
import { applyAll, type Command, decide, rank } from './rules.ts';
import type { GameEvent, GameState } from './types.ts';

const PLAYERS = ['ada', 'bob', 'cyd', 'dan', 'eve'].map((id) => ({ id, name: id.toUpperCase() }));
const player = fc.constantFrom(...PLAYERS);
const settings = fc.record({
  players: fc.integer({ min: 2, max: 4 }),
  size: fc.constantFrom(3, 3, 3, 4),
  seconds: fc.integer({ min: 5, max: 20 }),
});
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'join' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'leave' as const }) },
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('capture' as const), cell: fc.nat(10) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'deadline' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'introduce' as const, bot: 'easy' as const }) },
);
/** A command of a player, and the milliseconds that passed before it. */
const step = fc.record({ command, player, wait: fc.integer({ min: 0, max: 300 }) });
const game = fc.record({ settings, steps: fc.array(step, { maxLength: 150, size: 'max' }) });

interface Played {
  readonly before: GameState;
  readonly after: GameState;
  readonly events: readonly GameEvent[];
  readonly refusal: string | undefined;
}

interface Given {
  readonly settings: GameState['settings'];
  readonly steps: { command: Command; player: PlayerRef; wait: number }[];
}

function create(shape: GameState['settings'], now: number): GameState {
  const { events } = decide(undefined, { kind: 'create', settings: shape }, { now, player: PLAYERS[0] });
  return applyAll(undefined, events, now)!;
}

function play({ settings: shape, steps }: Given) {
  let now = 1_000_000;
  let state = create(shape, now);
  const played: Played[] = [];
  for (const { command: next, player: by, wait } of steps) {
    now += wait;
    const before = state;
    const { events, refusal } = decide(before, next, { now, player: by });
    state = applyAll(before, events, now)!;
    played.push({ before, after: state, events, refusal });
  }
  return played;
}

const holds = (check: (played: Played[]) => void) => fc.assert(fc.property(game, (given) => check(play(given))));

test('the generated games include a full board, a game that runs out of time and a game that never begins', () => {
  const ends = new Set<string | undefined>(
    fc.sample(game, 300).map((given) => {
      const last = play(given).at(-1)?.after;
      return last?.reason ?? last?.status;
    }),
  );
  for (const end of ['board', 'time', 'active', 'waiting']) assert.ok(ends.has(end), end);
});

test('a captured cell never changes hands', () => {
  holds((played) => {
    for (const { before, after } of played) {
      before.cells.forEach((holder, cell) => assert.ok(holder === FREE || after.cells[cell] === holder));
    }
  });
});

test('the score of a player is the number of cells the player holds', () => {
  holds((played) => {
    for (const { after } of played) {
      after.players.forEach(({ score }, seat) =>
        assert.equal(score, after.cells.filter((holder) => holder === seat).length),
      );
    }
  });
});

test('nothing happens after a game has ended', () => {
  holds((played) => {
    for (const { before, events } of played) if (before.status === 'completed') assert.deepEqual(events, []);
  });
});

test('a game starts exactly when its last seat is taken, and nobody can join after that', () => {
  holds((played) => {
    for (const { after } of played) {
      assert.ok(after.players.length <= after.settings.players);
      assert.equal(after.status !== 'waiting', after.players.length === after.settings.players);
    }
  });
});

test('a game ends by board exactly when no cell is free, and by time only when time is up', () => {
  holds((played) => {
    for (const { after } of played) {
      if (after.status === 'active') assert.ok(after.cells.includes(FREE));
      if (after.reason === 'board') assert.ok(!after.cells.includes(FREE));
      if (after.reason === 'time') assert.ok(after.finishedAt! >= after.endsAt!);
    }
  });
});

test('a refused command changes nothing, unless it finds that time is up', () => {
  holds((played) => {
    for (const { events, refusal } of played) {
      if (refusal) assert.ok(events.every((event) => event.kind === 'finished' && event.reason === 'time'));
    }
  });
});

test('nobody sits in two seats', () => {
  holds((played) => {
    for (const { after } of played) {
      assert.equal(new Set(after.players.map(({ id }) => id)).size, after.players.length);
    }
  });
});

test('equal scores share a rank and the next rank is skipped', () => {
  const scores = [3, 5, 3, 1];
  const ranking = rank(scores.map((score, seat) => ({ ...PLAYERS[seat]!, score })));
  assert.deepEqual(
    ranking.map(({ rank: place, player: id }) => [place, id]),
    [
      [1, 'bob'],
      [2, 'ada'],
      [2, 'cyd'],
      [4, 'dan'],
    ],
  );
});

test('a ranking lists everybody once, best first, and a rank is one more than the number of better scores', () => {
  const scores = fc.array(fc.nat(9), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(scores, (given) => {
      const players = given.map((score, seat) => ({ id: `p${seat}`, name: `P${seat}`, score }));
      const ranking = rank(players);
      assert.deepEqual(new Set(ranking.map(({ player: id }) => id)), new Set(players.map(({ id }) => id)));
      ranking.forEach(({ score, rank: place }, index) => {
        assert.ok(index === 0 || ranking[index - 1]!.score >= score);
        assert.equal(place, given.filter((other) => other > score).length + 1);
      });
    }),
  );
});

test('a capture after time is up ends the game and is refused', () => {
  const shape = { players: 2, size: 3, seconds: 5 };
  let state = create(shape, 0);
  state = applyAll(state, decide(state, { kind: 'join' }, { now: 100, player: PLAYERS[1] }).events, 100)!;
  const late = decide(state, { kind: 'capture', cell: 0 }, { now: 5100, player: PLAYERS[0] });
  assert.equal(late.refusal, 'game_over');
  assert.deepEqual(
    late.events.map(({ kind }) => kind),
    ['finished'],
  );
  assert.equal(applyEvent(state, late.events[0]!, 5100).status, 'completed');
});

test('a bot that identifies itself is marked at its own seat, once, and keeps the mark when seats move up', () => {
  const [ada, bob, cyd] = PLAYERS as [PlayerRef, PlayerRef, PlayerRef];
  const context = (by: PlayerRef) => ({ now: 1, player: by });
  let state = create({ players: 4, size: 3, seconds: 5 }, 1);
  for (const one of [bob, cyd]) state = applyAll(state, decide(state, { kind: 'join' }, context(one)).events, 1)!;
  const said = decide(state, { kind: 'introduce', bot: 'hard' }, context(cyd));
  assert.deepEqual(said.events, [{ kind: 'introduced', player: 'cyd', seat: 2, bot: 'hard' }]);
  state = applyAll(state, said.events, 1)!;
  assert.deepEqual(decide(state, { kind: 'introduce', bot: 'hard' }, context(cyd)).events, []);
  state = applyAll(state, decide(state, { kind: 'leave' }, context(bob)).events, 1)!;
  assert.deepEqual(
    state.players.map(({ id, bot }) => [id, bot]),
    [
      [ada.id, undefined],
      [cyd.id, 'hard'],
    ],
  );
  const stranger = decide(state, { kind: 'introduce', bot: 'easy' }, context(PLAYERS[4]!));
  assert.equal(stranger.refusal, 'not_a_player');
});
