import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunResult } from './measure.ts';
import { planSteps, ROLLOVER } from './step.ts';
import { describe, faultsOf } from './verdict.ts';
import { EXPECTED, VISITORS, type Visit } from './visitors.ts';

const latency = { moves: 500, p50: 2, p99: 10, max: 20 };
const visits = ROLLOVER.flatMap((after) =>
  VISITORS.map(
    (visitor): Visit => ({
      after,
      visitor,
      expected: EXPECTED[after][visitor],
      welcomed: EXPECTED[after][visitor],
    }),
  ),
);
const good: RunResult = {
  options: { sockets: 10, pace: 1, leaf: 4, intermediate: 1, every: 100, handshakes: 10 },
  open: 10,
  rotations: planSteps(4, 1).map((step) => ({ step, tookMs: 5, edge: step === 'accept' ? 'none' : 'updated' })),
  refusals: [],
  players: { dropped: [], failed: [], games: 5, violations: [] },
  handshakes: { completed: 100, failures: {}, resumed: 0, stale: 0, leaves: 8 },
  calm: latency,
  rotating: latency,
  ratio: { ratio: 1.05, low: 0.9, high: 1.2 },
  visits,
  busy: 0.3,
};

test('a run that no player noticed has no faults', () => {
  assert.deepEqual(faultsOf(good, 1.1), []);
});

const lost = { player: 'Player 3', message: 'The connection broke.' };
for (const [what, bad, sentence] of [
  [
    'a dropped socket',
    { players: { ...good.players, dropped: [lost] } },
    /^1 sockets were dropped, as Player 3: The c/,
  ],
  ['a socket that did not come back', { open: 9 }, /^1 sockets were not open at the end/],
  ['a move that failed', { players: { ...good.players, failed: [lost] } }, /^1 moves or games failed/],
  [
    'a history with a gap',
    { players: { ...good.players, violations: [{ fault: 'gap', player: 'a', detail: 'seq 3 where 2 was due' }] } },
    /^1 histories are wrong, as seq 3 where 2 was due/,
  ],
  [
    'a refused handshake',
    { handshakes: { ...good.handshakes, failures: { reset: 2 } } },
    /^2 handshakes failed, as reset/,
  ],
  ['a resumed session', { handshakes: { ...good.handshakes, resumed: 1 } }, /^1 handshakes were not full ones/],
  [
    'an old leaf',
    { handshakes: { ...good.handshakes, stale: 1 } },
    /^1 handshakes showed a leaf that had been replaced/,
  ],
  ['no handshake at all', { handshakes: { ...good.handshakes, completed: 0 } }, /^No handshake was made/],
  [
    'a rotation that failed',
    { refusals: [{ step: 'leaf', message: 'locked' }] },
    /^1 rotations failed, as leaf: locked/,
  ],
  [
    'a rotation on disk alone',
    { rotations: [{ step: 'leaf', tookMs: 5, edge: 'not running' }] },
    /did not reach the edge/,
  ],
  [
    'a visitor that was welcomed',
    { visits: visits.map((one) => ({ ...one, welcomed: true })) },
    /trusts g2 was welcomed/,
  ],
  [
    'a visitor that was refused',
    { visits: visits.map((one) => ({ ...one, welcomed: false, reason: 'no issuer' })) },
    /trusts g1 was refused \(no issuer\)/,
  ],
  ['a missing visitor', { visits: visits.slice(1) }, /^Not every visitor/],
  ['slower moves', { ratio: { ratio: 1.2, low: 1.1, high: 1.3 } }, /^The p99 of a move is 1\.20 times/],
  ['no moves', { ratio: { ratio: NaN, low: NaN, high: NaN } }, /^The p99 of a move is NaN times/],
] as [string, Partial<RunResult>, RegExp][]) {
  test(`${what} is a fault`, () => {
    const [first] = faultsOf({ ...good, ...bad }, 1.1);
    assert.match(first ?? '', sentence);
  });
}

test('the table shows which visitors were welcomed after each step', () => {
  assert.deepEqual(
    describe(good)
      .slice(-4)
      .map((line) => line.trim().split(/ {2,}/)),
    [
      ['visitor', 'after accept', 'after issue', 'after retire'],
      ['g1', 'welcomed', 'refused', 'refused'],
      ['g1 and g2', 'welcomed', 'welcomed', 'welcomed'],
      ['g2', 'refused', 'welcomed', 'welcomed'],
    ],
  );
});
