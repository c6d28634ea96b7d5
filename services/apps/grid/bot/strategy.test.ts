import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FREE } from '../fold.ts';
import { applyAll, type Command, decide } from '../rules.ts';
import type { BotStrength, GameState } from '../types.ts';
import { type Random, randomOf } from './random.ts';
import { nextMove, STRENGTHS, type Trail } from './strategy.ts';

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);
const START = 1_000_000;

/** A game between two bots by the real rules, played as fast as the clock of the test runs. */
function playOut(strengths: readonly [BotStrength, BotStrength], seed: number) {
  const randoms: Random[] = [randomOf(seed), randomOf(seed + 1000)];
  const players = strengths.map((strength, seat) => ({ id: `bot${seat}`, name: strength }));
  let state: GameState | undefined;
  const act = (seat: number, command: Command, now: number) => {
    const { events } = decide(state, command, { now, player: players[seat] });
    state = applyAll(state, events, now);
  };
  act(0, { kind: 'create', settings: { players: 2, size: 9, seconds: 30 } }, START);
  act(1, { kind: 'join' }, START);
  const trails: Trail[] = [{}, {}];
  const next = (seat: number, now: number) => {
    const move = nextMove(strengths[seat]!, state!, trails[seat]!, randoms[seat]!);
    return move && { seat, cell: move.cell, at: now + move.delayMs };
  };
  const waiting = [next(0, START)!, next(1, START)!];
  let moves = 0;
  while (state!.status === 'active') {
    const [first] = waiting.sort((one, other) => one.at - other.at);
    if (!first || first.at >= state!.endsAt!) {
      decideDeadline();
      break;
    }
    waiting.shift();
    moves += 1;
    if (state!.cells[first.cell] === FREE) {
      act(first.seat, { kind: 'capture', cell: first.cell }, first.at);
      trails[first.seat] = { ...trails[first.seat], own: first.cell };
      trails[1 - first.seat] = { ...trails[1 - first.seat], rival: first.cell };
    }
    const following = next(first.seat, first.at);
    if (following) waiting.push(following);
  }
  return { state: state!, moves, scores: state!.players.map(({ score }) => score) };

  function decideDeadline() {
    const { events } = decide(state, { kind: 'deadline' }, { now: state!.endsAt!, player: undefined });
    state = applyAll(state, events, state!.endsAt!);
  }
}

test('a bot takes a free cell as long as there is one, at a human pace', () => {
  const board = fc
    .integer({ min: 3, max: 16 })
    .chain((size) => fc.tuple(fc.constant(size), fc.array(fc.constantFrom(FREE, FREE, 0, 1), boundsOf(size))));
  const trail = fc.record({
    own: fc.option(fc.nat(8), { nil: undefined }),
    rival: fc.option(fc.nat(8), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.constantFrom(...STRENGTHS), board, trail, fc.nat(), (strength, [size, cells], known, seed) => {
      const settings = { players: 2, size, seconds: 30 };
      const move = nextMove(strength, { cells, settings }, known, randomOf(seed));
      if (!cells.includes(FREE)) return assert.equal(move, undefined);
      assert.equal(cells[move!.cell], FREE);
      assert.ok(move!.delayMs >= 150 && move!.delayMs <= 3000, `${move!.delayMs} ms`);
      assert.deepEqual(nextMove(strength, { cells, settings }, known, randomOf(seed)), move);
    }),
  );
});

const boundsOf = (size: number) => ({ minLength: size * size, maxLength: size * size });

test('a stronger bot nearly always beats a weaker one', () => {
  const pairs = [
    ['medium', 'easy'],
    ['hard', 'medium'],
    ['hard', 'easy'],
  ] as const;
  for (const pair of pairs) {
    const won = SEEDS.filter((seed) => {
      const [stronger, weaker] = playOut(pair, seed).scores;
      return stronger! > weaker!;
    });
    assert.ok(won.length >= 0.95 * SEEDS.length, `${pair.join(' against ')}: ${won.length} of ${SEEDS.length}`);
  }
});

test('an easy bot leaves most of the board to a player, and a hard one fills it with its rival', () => {
  for (const seed of SEEDS) {
    const easy = playOut(['easy', 'easy'], seed);
    assert.equal(easy.state.reason, 'time');
    assert.ok(
      easy.scores.every((score) => score >= 15 && score <= 45),
      easy.scores.join(),
    );
    const hard = playOut(['hard', 'hard'], seed);
    assert.equal(hard.state.reason, 'board');
  }
});
